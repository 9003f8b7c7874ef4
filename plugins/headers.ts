import fp from 'fastify-plugin'

/** What suits answers that are data: nothing in them is to be framed, sniffed, run or embedded. */
export const securityHeaders = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin'
}

/** One year, as browsers expect of a site that means it (RFC 6797). */
const hsts = 'max-age=31536000; includeSubDomains'

/** Security headers and the request id on every answer. */
export default fp(
  async (fastify) => {
    // Without a trusted proxy in front this server speaks plain HTTP, where HSTS has no meaning.
    const mayBeTls = fastify.config.TRUST_PROXY.length > 0
    fastify.addHook('onRequest', (request, reply, done) => {
      reply.headers(securityHeaders).header('x-request-id', request.id)
      if (mayBeTls && request.protocol === 'https') reply.header('strict-transport-security', hsts)
      done()
    })
  },
  { name: 'headers', dependencies: ['config'] }
)
