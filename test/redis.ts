import { Redis } from 'ioredis'
import { randomBytes } from 'node:crypto'
import { spawnSync } from 'node:child_process'
import { setTimeout } from 'node:timers/promises'
import type { Test } from 'tap'
import type { SharedRedis } from '../core/redis/shared-redis.ts'
import { freePort, run, temporaryFolder } from './process.ts'

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

/** Redis as the service shares it, which goes away by `state`, or by a `client` that disconnects; `failures` is what it was told of. */
export function redisToLose(t: Test) {
  const { REDIS_URL, REDIS_PREFIX: prefix } = scratchRedis(t)
  const client = new Redis(REDIS_URL)
  client.on('error', () => undefined)
  t.teardown(() => client.disconnect())
  const failures: unknown[] = []
  const state = { up: true }
  const redis: SharedRedis = {
    client,
    prefix,
    epoch: `${prefix}epoch`,
    get up() {
      return state.up
    },
    fault: undefined,
    tell: () => undefined,
    hear: () => undefined,
    failed: (error) => failures.push(error),
    purgeFailed: (error) => failures.push(error)
  }
  return { redis, client, prefix, state, failures }
}

const hasServer = spawnSync('redis-server', ['--version']).status === 0
if (!hasServer && process.env['CI']) throw new Error('redis-server is not installed')

/** Skips a test where no redis-server is installed. */
export const withRedisServer = hasServer ? {} : { skip: 'redis-server is not installed' }

/** Starts a Redis of this test's own, with options of redis-server besides; answers its URL and a connection to it. */
export async function startRedis(t: Test, ...options: string[]) {
  const port = await freePort()
  const settings = [
    '--port',
    String(port),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--enable-protected-configs',
    'yes'
  ]
  const server = run(t, 'redis-server', [...settings, ...options], { cwd: temporaryFolder(t) })
  while (!server.output().includes('Ready to accept connections')) {
    const ended = await Promise.race([server.exited, setTimeout(10, undefined)])
    if (ended) throw new Error(`redis-server ended:\n${server.output()}`)
  }
  const url = `redis://127.0.0.1:${port}`
  const client = new Redis(url)
  t.teardown(() => client.disconnect())
  return { url, port, client, server }
}
