import { Redis } from 'ioredis'
import { randomBytes } from 'node:crypto'
import type { Test } from 'tap'

/** The Redis server of the tests, or undefined where none answers; in CI one has to. */
export const redisServer = await (async () => {
  const url = process.env['TEST_REDIS_URL'] ?? 'redis://127.0.0.1:6379'
  const client = new Redis(url, { lazyConnect: true, connectTimeout: 2_000, retryStrategy: () => null })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return url
  } catch (error) {
    if (process.env['CI']) throw error
    return undefined
  } finally {
    client.disconnect()
  }
})()

/** Skips a test where no Redis answers. */
export const onRedis = redisServer === undefined ? { skip: 'no Redis server (TEST_REDIS_URL)' } : {}

/** What makes an instance share Redis with those that get the same; its keys are deleted when the test ends. */
export function scratchRedis(t: Test, url = redisServer ?? ''): { REDIS_URL: string; REDIS_PREFIX: string } {
  const prefix = `test:${randomBytes(8).toString('hex')}:`
  t.teardown(async () => {
    const client = new Redis(redisServer ?? '')
    const keys = await client.keys(`${prefix}*`)
    if (keys.length > 0) await client.del(keys)
    client.disconnect()
  })
  return { REDIS_URL: url, REDIS_PREFIX: prefix }
}
