import type { FastifyRequest } from 'fastify'

/**
 * Whether a request comes from a script of this very origin, as the browser itself says: no page can write these headers
 * (Fetch Metadata). On plain HTTP, but for localhost, browsers leave Sec-Fetch-Site out, and Origin with every POST tells.
 */
export function isSameOrigin({ headers, protocol, host }: FastifyRequest): boolean {
  const site = headers['sec-fetch-site']
  return site === undefined ? headers.origin === `${protocol}://${host}` : site === 'same-origin'
}
