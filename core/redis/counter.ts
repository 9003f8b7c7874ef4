import RedisStore from '@fastify/rate-limit/store/RedisStore.js'
import type { Redis } from 'ioredis'
import type { Count } from '../limits/window-counter.ts'

/** Counts the calls of all instances. */
export interface SharedCounter {
  /** Counts a call of a key; told the error when Redis did not count. */
  count(key: string, done: (error: Error | null, count: Count | null) => void): void
  /** Reads how often keys have been counted, and counts nothing. @throws when Redis does not answer */
  read(keys: readonly string[]): Promise<(Count | undefined)[]>
}

/**
 * Makes what counts in Redis, in windows of so many milliseconds. One that would last longer, as Redis goes by a wall clock
 * which may be put back, or for ever, as some restores leave keys behind, is cut to that.
 */
export function sharedCounter(redis: Redis, prefix: string, window: number): SharedCounter {
  const store = new RedisStore(false, false, redis, prefix)
  return {
    count(key, done) {
      const counted = (error: Error | null, count: Count | null) => {
        if (!count || (count.ttl >= 0 && count.ttl <= window)) {
          done(error, count)
          return
        }
        redis.pexpire(prefix + key, window).catch(() => undefined)
        done(null, { ...count, ttl: window })
      }
      store.incr(key, counted, window, 0)
    },
    async read(keys) {
      const names = keys.map((key) => prefix + key)
      // Sent at once: what begins or ends in between is no more than an instant off.
      const [counts, lefts] = await Promise.all([
        redis.mget(names),
        Promise.all(names.map((name) => redis.pttl(name)))
      ])
      return counts.map((current, index) => {
        const ttl = lefts[index] ?? -1
        return current === null
          ? undefined
          : { current: Number(current), ttl: ttl >= 0 && ttl <= window ? ttl : window }
      })
    }
  }
}
