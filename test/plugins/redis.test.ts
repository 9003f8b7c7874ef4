import type { FastifyInstance } from 'fastify'
import { Redis } from 'ioredis'
import { once } from 'node:events'
import { join } from 'node:path'
import { test } from 'tap'
import { checks } from '../../core/doctor/checks.ts'
import { loadConfig } from '../../core/config/load.ts'
import { watch } from '../../core/redis/watch.ts'
import { build } from '../helper.ts'
import { temporaryFolder } from '../process.ts'
import { startProxy } from '../proxy.ts'
import { onRedis, redisServer, scratchRedis } from '../redis.ts'
import { until } from '../until.ts'

/** How many of so many calls at once, spread over the instances, are answered with 200. */
async function allowed(apps: FastifyInstance[], count: number, url: string) {
  const each = apps.flatMap((app) => Array.from({ length: count / apps.length }, () => app.inject(url)))
  return (await Promise.all(each)).filter(({ statusCode }) => statusCode === 200).length
}

const redisState = async (app: FastifyInstance) =>
  (await app.inject('/health/ready')).json<{ redis: string }>().redis

test('instances count together, share answers, and hear of purges and withdrawals', onRedis, async (t) => {
  const env = { ...scratchRedis(t), DATABASE_URL: `file:${join(temporaryFolder(t), 'shared.db')}` }
  const first = await build(t, env)
  const second = await build(t, env)
  const third = await build(t, env)
  const apps = [first.app, second.app, third.app]
  t.equal(await allowed(apps, 60, '/rate-limited'), 3, 'three of sixty calls over all')

  const { headers } = await first.session('admin')
  const list = (app: FastifyInstance) => app.inject({ url: '/users', headers })
  t.match((await list(first.app)).headers['cache-status'], 'fwd=miss')
  await until(async () => String((await list(second.app)).headers['cache-status']).includes('hit'))
  t.same((await list(second.app)).json(), (await list(first.app)).json(), 'one has computed for the other')

  const made = await first.app.inject({
    method: 'POST',
    url: '/users',
    headers,
    payload: { username: 'newcomer', password: 'correct horse battery', role: 'user' }
  })
  t.equal(made.statusCode, 201)
  await until(async () => (await list(third.app)).body.includes('newcomer'))
  await until(async () => (await list(second.app)).body.includes('newcomer'))

  const leaver = await first.session('user')
  const greet = (app: FastifyInstance) => app.inject({ url: '/protected', headers: leaver.headers })
  for (const app of apps) t.equal((await greet(app)).statusCode, 200)
  await second.app.inject({ method: 'POST', url: '/logout', headers: leaver.headers })
  for (const app of apps) await until(async () => (await greet(app)).statusCode === 401)
})

/** What waits for silence ends with the test's own time, should nobody notice it. */
const silent = { ...onRedis, timeout: 30_000 }

test('without Redis an instance goes on by itself, and shares again when it is back', onRedis, async (t) => {
  const proxy = await startProxy(t, redisServer ?? '')
  const env = { ...scratchRedis(t, proxy.url), DATABASE_URL: `file:${join(temporaryFolder(t), 'alone.db')}` }
  const { app, as } = await build(t, env)
  const other = await build(t, env)
  const headers = await as('admin')
  await until(async () => (await redisState(app)) === 'up' && (await redisState(other.app)) === 'up')
  t.equal(await allowed([app, other.app], 20, '/rate-limited'), 3)

  proxy.cut()
  await until(async () => (await redisState(app)) === 'away')
  t.equal(await allowed([app], 20, '/rate-limited'), 3, 'limits by its own count')
  for (const attempt of [1, 2]) {
    const answer = await app.inject({ url: '/users', headers })
    t.equal(answer.statusCode, 200, `served, ${attempt}`)
    t.equal(
      answer.headers['cache-status'],
      'Gatehouse; fwd=miss',
      'and not from a cache that no purge reaches'
    )
  }

  await proxy.mend()
  await until(async () => (await redisState(app)) === 'up' && (await redisState(other.app)) === 'up')
  t.equal(await allowed([app, other.app], 20, '/rate-limited'), 0, 'the shared count goes on')
})

test('the service starts while Redis is away', onRedis, async (t) => {
  const proxy = await startProxy(t, redisServer ?? '')
  proxy.cut()
  const { app } = await build(t, scratchRedis(t, proxy.url))
  t.equal(await redisState(app), 'away')
  t.equal((await app.inject('/cached-data')).statusCode, 200)
  await proxy.mend()
  await until(async () => (await redisState(app)) === 'up')
})

test('a Redis that hangs is away until it answers again', silent, async (t) => {
  const proxy = await startProxy(t, redisServer ?? '')
  const { app, as } = await build(t, scratchRedis(t, proxy.url))
  await until(async () => (await redisState(app)) === 'up')
  const lines = (['info', 'warn'] as const).map((level) => t.capture(app.log, level))
  const logged = () =>
    lines.map((line) => line().filter(({ args }) => args.some((arg) => /Redis/.test(String(arg)))).length)
  const headers = await as('admin')
  // On a busy machine the first answer may come too late to be shared.
  const isHit = async () =>
    String((await app.inject({ url: '/users', headers })).headers['cache-status']).includes('hit')
  await until(isHit)

  proxy.block()
  await until(async () => (await redisState(app)) === 'away')
  t.equal(await allowed([app], 20, '/rate-limited'), 3, 'limits by its own count')
  for (const attempt of [1, 2]) {
    const answer = await app.inject({ url: '/users', headers })
    t.equal(answer.headers['cache-status'], 'Gatehouse; fwd=miss', `nothing is kept, ${attempt}`)
  }
  // Each of its two makes new connections meanwhile, which hang too.
  const before = proxy.connections()
  await until(() => proxy.connections() >= before + 4)
  t.same(logged(), [0, 1], 'it is said once')

  proxy.open()
  await until(async () => (await redisState(app)) === 'up')
  await until(isHit)
  t.same(logged(), [1, 0], 'and that it is back')
})

test('a connection that hangs is broken, and an idle one is not', silent, async (t) => {
  const proxy = await startProxy(t, redisServer ?? '')
  const connections = [new Redis(proxy.url), new Redis(proxy.url)] as const
  const closed = connections.map((connection) => {
    connection.on('error', () => undefined)
    t.teardown(() => connection.disconnect())
    t.teardown(watch(connection))
    return once(connection, 'close')
  })
  await connections[1].subscribe('test:nothing')
  await connections[0].ping()
  const before = connections.map(({ stream }) => stream)
  let beats = 0
  connections[1].stream.on('data', () => beats++)
  await until(() => beats >= 3)
  for (const [index, { stream }] of connections.entries())
    t.equal(stream, before[index], 'it is the same one')
  proxy.block()
  await Promise.all(closed)
})

test('the service starts while Redis hangs', silent, async (t) => {
  const proxy = await startProxy(t, redisServer ?? '')
  proxy.block()
  const { app } = await build(t, scratchRedis(t, proxy.url))
  t.equal(await redisState(app), 'away')
  t.equal((await app.inject('/cached-data')).statusCode, 200)
  proxy.open()
  await until(async () => (await redisState(app)) === 'up')
})

test('a purge that an instance could not tell reaches the others when it is back', silent, async (t) => {
  const proxy = await startProxy(t, redisServer ?? '')
  const direct = scratchRedis(t)
  const env = { ...direct, DATABASE_URL: `file:${join(temporaryFolder(t), 'lost.db')}` }
  const alone = await build(t, { ...env, REDIS_URL: proxy.url })
  const others = [await build(t, env), await build(t, env)]
  const headers = await alone.as('admin')
  const lists = () => Promise.all(others.map(({ app }) => app.inject({ url: '/users', headers })))
  await lists()
  const [client, ear] = [new Redis(direct.REDIS_URL), new Redis(direct.REDIS_URL)]
  for (const connection of [client, ear]) t.teardown(() => connection.disconnect())
  const told: unknown[] = []
  ear.on('pmessage', (_pattern, _channel, text: string) => told.push(JSON.parse(text)))
  await ear.psubscribe(`${direct.REDIS_PREFIX}*:messages`)
  const epoch = async () => client.get(String((await client.keys(`${direct.REDIS_PREFIX}*:epoch`))[0]))
  const before = await epoch()

  proxy.cut()
  await until(async () => (await redisState(alone.app)) === 'away')
  const payload = { username: 'newcomer', password: 'correct horse battery', role: 'user' }
  const made = await alone.app.inject({ method: 'POST', url: '/users', headers, payload })
  t.equal(made.statusCode, 201)
  for (const { body } of await lists()) t.notMatch(body, 'newcomer', 'they have not heard of it')

  await proxy.mend()
  await until(async () => (await redisState(alone.app)) === 'up')
  await until(async () => (await lists()).every(({ body }) => body.includes('newcomer')))
  // Redis keeps the order: what anybody told on would have come before this.
  await client.publish(`${direct.REDIS_PREFIX}end:messages`, '"the end"')
  await until(() => told.includes('the end'))
  t.match(told, [{ touched: 'all' }, 'the end'], 'nobody tells it on')
  t.equal(told.length, 2)
  t.not(await epoch(), before, 'and one has outdated what is in Redis')
})

test('the doctor says so when Redis takes connections and does not answer', silent, async (t) => {
  const proxy = await startProxy(t, redisServer ?? '')
  const config = loadConfig({ NODE_ENV: 'test', REDIS_URL: proxy.url })
  t.equal(await checks['redis']?.(config), 'all works that is done there')
  proxy.block()
  await t.rejects(async () => checks['redis']?.(config), { message: /timed out/ })
})
