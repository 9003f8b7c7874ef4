import cors from '@fastify/cors'
import fp from 'fastify-plugin'

/** Lets pages of the configured origins call the API; without any, browsers keep to their own origin. */
export default fp(
  async (fastify) => {
    const origins = fastify.config.CORS_ORIGIN
    if (origins.length === 0) return
    await fastify.register(cors, {
      origin: origins.includes('*') ? '*' : [...origins],
      methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
      exposedHeaders: [
        'ETag',
        'Location',
        'Retry-After',
        'RateLimit-Limit',
        'RateLimit-Remaining',
        'RateLimit-Reset',
        'X-Request-Id'
      ],
      maxAge: 600
    })
  },
  { name: 'cors', dependencies: ['config', 'headers'] }
)
