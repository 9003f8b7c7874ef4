import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'

/** What a page may read of an answer, beside what it always may. */
const exposed = [
  'ETag',
  'Idempotency-Replayed',
  'Location',
  'Retry-After',
  'RateLimit',
  'RateLimit-Policy',
  'RateLimit-Limit',
  'RateLimit-Remaining',
  'RateLimit-Reset',
  'X-Request-Id'
].join(', ')

const allowed = {
  'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
  'access-control-max-age': '600'
}

/** As a browser writes it: in lower case, and without the port that its scheme has anyway. */
const spelled = (origin: string) => (/^https?:/i.test(origin) ? new URL(origin).origin : origin.toLowerCase())

/** A browser's question whether it may send a request at all; any other OPTIONS is none (Fetch, section 3.3.5). */
const isPreflight = ({ method, headers }: FastifyRequest) =>
  method === 'OPTIONS' &&
  headers.origin !== undefined &&
  headers['access-control-request-method'] !== undefined

/**
 * Lets pages of the configured origins call the API, without cookies; without any, browsers keep to their own origin. It is a
 * step of ours and no library's, which would answer preflights before there are security headers, and other OPTIONS by itself.
 */
export default fp(
  async (fastify) => {
    const origins = new Set(fastify.config.CORS_ORIGIN.map(spelled))
    if (origins.size === 0) return
    const isOpen = origins.has('*')

    fastify.pipeline.always('cors', function cors(request, reply, done) {
      const { origin } = request.headers
      if (!isOpen) reply.header('vary', 'Origin')
      if (isOpen || (origin !== undefined && origins.has(origin)))
        reply
          .header('access-control-allow-origin', isOpen ? '*' : origin)
          .header('access-control-expose-headers', exposed)
      if (!isPreflight(request)) {
        done()
        return
      }
      const asked = request.headers['access-control-request-headers']
      reply.headers(allowed).header('vary', 'Origin, Access-Control-Request-Headers')
      if (asked !== undefined) reply.header('access-control-allow-headers', asked)
      void reply.code(204).header('cache-control', 'no-store').send()
    })
  },
  { name: 'cors', dependencies: ['config', 'pipeline'] }
)
