import fp from 'fastify-plugin'
import { Readiness } from '../core/health/readiness.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Whatever keeps the service from its work is added here, and GET /health/ready says it. */
    readiness: Readiness
  }
}

/** Knows whether the service can do its work. */
export default fp(
  async (fastify) => {
    fastify.decorate('readiness', new Readiness())
  },
  { name: 'readiness' }
)
