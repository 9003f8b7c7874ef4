import fp from 'fastify-plugin'
import { connectRedis } from '../core/redis/connect.ts'
import type { SharedRedis } from '../core/redis/shared-redis.ts'
import { serviceFingerprint } from '../core/service/fingerprint.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Null without REDIS_URL. */
    redis: SharedRedis | null
  }
}

/** Redis, for what instances share: counts, answers and messages. Boot and service go on without it. */
export default fp(
  async (fastify) => {
    const { REDIS_URL, REDIS_PREFIX } = fastify.config
    if (REDIS_URL === undefined) {
      fastify.decorate('redis', null)
      return
    }
    // What is in braces alone decides where a cluster keeps a key: all of ours are in one place.
    const prefix = `${REDIS_PREFIX}{${await serviceFingerprint(fastify.db, fastify.keys)}}:`
    const { redis, close } = await connectRedis(REDIS_URL, prefix, fastify.log)
    fastify.decorate('redis', redis)
    fastify.addHook('onClose', async () => close())
    fastify.metrics?.gauge('gatehouse_redis_up', 'Whether Redis can be used', () => Number(redis.up))
  },
  { name: 'redis', dependencies: ['config', 'db', 'keys', 'metrics'] }
)
