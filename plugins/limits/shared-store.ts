import LocalStore from '@fastify/rate-limit/store/LocalStore.js'
import RedisStore from '@fastify/rate-limit/store/RedisStore.js'
import type { Shared } from '../redis/shared.ts'

type Store = Pick<LocalStore, 'incr'>

/**
 * Where calls are counted: for all instances in Redis, or else in this process. While Redis is away this
 * process counts its own callers, `callers` of them at once.
 */
export function countingStore(redis: Shared | null, callers: number): Store {
  const local = new LocalStore(false, false, callers)
  if (!redis) return local
  const shared = new RedisStore(false, false, redis.client, `${redis.prefix}limit:`)
  return {
    incr: (key, done, window, max) => {
      const alone = () => local.incr(key, done, window, max)
      if (!redis.up) {
        alone()
        return
      }
      shared.incr(
        key,
        (error, count) => {
          if (error) alone()
          else done(null, count)
        },
        window,
        max
      )
    }
  }
}
