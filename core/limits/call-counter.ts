import { sharedCounter } from '../redis/counter.ts'
import type { SharedRedis } from '../redis/shared-redis.ts'
import { type Count, WindowCounter } from './window-counter.ts'

/** Every budget is for a minute, in milliseconds. */
const window = 60_000

/** Counts calls by key. */
export interface CallCounter {
  /** Counts a call of a key, and tells how often it has been counted. */
  count(key: string, done: (count: Count) => void): void
  /** Reads how often keys have been counted, and counts nothing. */
  read(keys: readonly string[]): Promise<(Count | undefined)[]>
}

/**
 * Makes what counts calls: for all instances in Redis, or else in this process. While Redis is away this process counts
 * its own callers, `callers` of them at once.
 */
export function callCounter(redis: SharedRedis | null, callers: number): CallCounter {
  const local = new WindowCounter(window, callers)
  const alone: CallCounter = {
    count: (key, done) => done(local.count(key)),
    read: (keys) => Promise.resolve(keys.map((key) => local.read(key)))
  }
  if (!redis) return alone
  const shared = sharedCounter(redis.client, `${redis.prefix}limit:`, window)
  return {
    count(key, done) {
      if (!redis.up) {
        alone.count(key, done)
        return
      }
      shared.count(key, (error, count) => {
        if (count) {
          done(count)
          return
        }
        redis.failed(error)
        alone.count(key, done)
      })
    },
    async read(keys) {
      if (!redis.up) return alone.read(keys)
      try {
        return await shared.read(keys)
      } catch (error) {
        redis.failed(error)
        return alone.read(keys)
      }
    }
  }
}
