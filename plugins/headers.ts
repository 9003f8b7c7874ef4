import fp from 'fastify-plugin'
import { hstsFor, securityHeaders } from '../core/http/security-headers.ts'

/** Security headers and the request id on every answer. */
export default fp(
  async (fastify) => {
    // Without a trusted proxy in front this server speaks plain HTTP, where HSTS has no meaning.
    const { HSTS, TRUST_PROXY } = fastify.config
    const hsts = TRUST_PROXY.length > 0 ? hstsFor[HSTS] : undefined
    fastify.pipeline.always('headers', function headers(request, reply, done) {
      reply.headers(securityHeaders).header('x-request-id', request.id)
      if (hsts !== undefined && request.protocol === 'https') reply.header('strict-transport-security', hsts)
      done()
    })
  },
  { name: 'headers', dependencies: ['config', 'pipeline'] }
)
