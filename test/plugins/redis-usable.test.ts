import type { FastifyInstance } from 'fastify'
import { setTimeout } from 'node:timers/promises'
import { join } from 'node:path'
import { test, type Test } from 'tap'
import { checks } from '../../core/doctor/checks.ts'
import { loadConfig } from '../../core/config/load.ts'
import { build } from '../helper.ts'
import { temporaryFolder } from '../process.ts'
import { startRedis, withRedisServer } from '../redis.ts'

type Server = Awaited<ReturnType<typeof startRedis>>

/** Asks until it is so; the test's own timeout is the limit. */
async function until(holds: () => Promise<boolean>) {
  while (!(await holds())) await setTimeout(20)
}

const readiness = async (app: FastifyInstance) =>
  (await app.inject('/health/ready')).json<{ redis: string; redis_fault?: string }>()

const isUp = async (app: FastifyInstance) => (await readiness(app)).redis === 'up'

/** How many of so many calls at once, spread over the instances, are answered with 200. */
async function allowed(apps: readonly [FastifyInstance, ...FastifyInstance[]], count: number) {
  const calls = Array.from({ length: count }, (_, index) =>
    (apps[index % apps.length] ?? apps[0]).inject('/rate-limited')
  )
  return (await Promise.all(calls)).filter(({ statusCode }) => statusCode === 200).length
}

/** Two instances of one service on this Redis. */
async function pair(t: Test, { url }: Pick<Server, 'url'>) {
  const env = { REDIS_URL: url, DATABASE_URL: `file:${join(temporaryFolder(t), 'shared.db')}` }
  const first = await build(t, env)
  return { first, second: await build(t, env), env }
}

/** Makes Redis refuse things, and how the service says that. */
const refusals: Record<
  string,
  { fault: string; refuse: (redis: Server) => Promise<unknown>; allow: (redis: Server) => Promise<unknown> }
> = {
  'is full': {
    fault: 'full',
    refuse: async ({ client }) => client.config('SET', 'maxmemory', '1'),
    allow: async ({ client }) => client.config('SET', 'maxmemory', '0')
  },
  'is a replica now': {
    fault: 'read_only',
    refuse: async ({ client, port }) => client.replicaof('127.0.0.1', port === 1 ? 2 : 1),
    allow: async ({ client }) => client.replicaof('NO', 'ONE')
  },
  'may not be written, as its disk is full': {
    fault: 'refused',
    refuse: async ({ client }) => {
      await client.config('SET', 'save', '1 1', 'dir', '/proc')
      await client.set('any', 'thing')
      await client.bgsave().catch(() => undefined)
      while (!/rdb_last_bgsave_status:err/.test(await client.info('persistence'))) await setTimeout(20)
    },
    allow: async ({ client }) => client.config('SET', 'stop-writes-on-bgsave-error', 'no')
  },
  'runs no scripts for this user': {
    fault: 'not_permitted',
    refuse: async ({ client }) => client.acl('SETUSER', 'default', '-@scripting'),
    allow: async ({ client }) => client.acl('SETUSER', 'default', '+@all')
  },
  'lets this user publish nothing': {
    fault: 'not_permitted',
    refuse: async ({ client }) => client.acl('SETUSER', 'default', '-publish'),
    allow: async ({ client }) => client.acl('SETUSER', 'default', '+@all')
  },
  'has other channels for this user': {
    fault: 'not_permitted',
    refuse: async ({ client }) => client.acl('SETUSER', 'default', 'resetchannels', '&other:*'),
    allow: async ({ client }) => client.acl('SETUSER', 'default', 'allchannels')
  }
}

for (const [what, { fault, refuse, allow }] of Object.entries(refusals)) {
  test(
    `a Redis that ${what} is away, and what cannot be purged is not read`,
    { ...withRedisServer, timeout: 60_000 },
    async (t) => {
      const redis = await startRedis(t)
      const { first, second } = await pair(t, redis)
      const warnings = t.capture(first.app.log, 'warn')
      const headers = await first.as('admin')
      const list = async ({ app }: typeof first) => app.inject({ url: '/users', headers })
      const config = loadConfig({ NODE_ENV: 'test', REDIS_URL: redis.url })
      t.match(await checks['redis']?.(config), 'all works')
      for (const instance of [first, second, first, second])
        t.match((await list(instance)).body, '"status":"active"')
      t.match((await list(second)).headers['cache-status'], 'hit')

      await refuse(redis)
      const payload = { status: 'disabled' }
      const change = {
        method: 'PATCH',
        url: '/users/2',
        headers: { ...headers, 'if-match': '*' },
        payload
      } as const
      t.equal((await first.app.inject(change)).statusCode, 200)
      t.match((await list(first)).body, '"status":"disabled"', 'the next answer is not the one that was kept')
      for (const { app } of [first, second]) await until(async () => !(await isUp(app)))
      // What Redis disconnects comes back to hear why.
      await until(async () => (await readiness(first.app)).redis_fault === fault)
      t.match(await readiness(first.app), { status: 'ok', redis: 'away' })
      for (const instance of [first, second, first, second]) {
        const answer = await list(instance)
        t.match(answer.body, '"status":"disabled"')
        t.equal(answer.headers['cache-status'], 'Gatehouse; fwd=miss')
      }
      t.equal(await allowed([first.app], 20), 3, 'limits by its own count')
      t.ok(
        warnings().some(({ args }) => (args[0] as { fault?: string }).fault === fault),
        'the log says why'
      )
      await t.rejects(async () => checks['redis']?.(config))

      await allow(redis)
      for (const { app } of [first, second]) await until(() => isUp(app))
      for (const instance of [first, second]) t.match((await list(instance)).body, '"status":"disabled"')
      await until(async () => String((await list(second)).headers['cache-status']).includes('hit'))
    }
  )
}

test(
  'a Redis cluster is used by the node that has our keys, and is away at another one',
  withRedisServer,
  async (t) => {
    const [first, second] = await Promise.all([1, 2].map(() => startRedis(t, '--cluster-enabled', 'yes')))
    if (!first || !second) throw new Error('two servers were started')
    await first.client.cluster('ADDSLOTSRANGE', 0, 16_383)
    await until(async () =>
      /cluster_state:ok/.test(await first.client.call('cluster', ['info']).then(String))
    )
    const here = await pair(t, first)
    for (const { app } of [here.first, here.second]) await until(() => isUp(app))
    t.equal(await allowed([here.first.app, here.second.app], 20), 3, 'of all callers together')
    const headers = await here.first.as('admin')
    await here.first.app.inject({ url: '/users', headers })
    await until(async () =>
      String((await here.second.app.inject({ url: '/users', headers })).headers['cache-status']).includes(
        'hit'
      )
    )

    await second.client.cluster('MEET', '127.0.0.1', first.port)
    await until(async () => (await second.client.cluster('SLOTS')).length > 0)
    const elsewhere = await build(t, { REDIS_URL: second.url })
    t.match(await readiness(elsewhere.app), { redis: 'away', redis_fault: 'elsewhere' })
    t.equal(await allowed([elsewhere.app], 20), 3)
  }
)

test(
  'whatever else is published or stored there, the service goes on and takes none of it for its own',
  withRedisServer,
  async (t) => {
    const redis = await startRedis(t)
    const { first, second } = await pair(t, redis)
    const { client } = redis
    const headers = await first.as('admin')
    const list = async () => (await second.app.inject({ url: '/users', headers })).headers['cache-status']
    await first.app.inject({ url: '/users', headers })
    await list()
    t.match(await list(), 'hit')

    const [channel = ''] = (await client.pubsub('CHANNELS', '*:messages')) as string[]
    for (const junk of [
      '',
      'x',
      '{',
      '[]',
      'null',
      '7',
      '{"touched":7}',
      '{"touched":[{"table":1}]}',
      '{"lost":"x"}'
    ])
      await client.publish(channel, junk)
    t.match(await list(), 'hit')
    t.ok(await isUp(first.app))

    await first.app.inject({ method: 'DELETE', url: '/cache', headers })
    await first.app.inject({ url: '/users', headers })
    const [answer = ''] = await client.keys('*answer:*')
    for (const junk of ['x', '{}', 'null', '[]', '{"body":1}']) {
      await client.set(answer, junk)
      await client.publish(channel, JSON.stringify({ touched: [{ table: 'users', key: '*' }] }))
      await until(async () => !String(await list()).includes('hit'))
      t.equal((await second.app.inject({ url: '/users', headers })).statusCode, 200, junk)
    }
    for (const key of await client.keys('*answer:*')) await client.del(key)
    await allowed([first.app], 1)
    const [counter = ''] = await client.keys('*limit:GET /rate-limited*')
    await client.persist(counter)
    await allowed([first.app], 1)
    t.ok((await client.pttl(counter)) > 0, 'a counter that would stay for ever gets its end')
    await client.del(counter)
    await client.lpush(counter, 'x')
    t.equal(await allowed([first.app], 20), 3, 'what is no counter is counted here')
    t.ok(await isUp(first.app))
  }
)

test('a version that Redis has dropped outdates what was kept under it', withRedisServer, async (t) => {
  const redis = await startRedis(t)
  const { first, second, env } = await pair(t, redis)
  const headers = await first.as('admin')
  const status = async ({ app }: typeof first) =>
    (await app.inject({ url: '/users', headers })).headers['cache-status']
  await status(first)
  const kept = await redis.client.keys('*answer:*')
  t.equal(kept.length, 1)
  const text = await redis.client.get(kept[0] ?? '')
  await redis.client.pexpire(kept[0] ?? '', 3_660_000)
  t.match(
    await status(second),
    'fwd=miss',
    'nor does what would last longer, as the clock of Redis was put back'
  )
  await redis.client.flushall()
  await redis.client.set(kept[0] ?? '', text ?? '', 'PX', 20_000)
  const third = await build(t, env)
  t.match(await status(third), 'fwd=miss')
})

test(
  'two services with one prefix on one Redis have nothing in common, nor have its numbered databases',
  withRedisServer,
  async (t) => {
    const redis = await startRedis(t)
    const secret = 'one that both of them sign their tokens with'
    const one = await build(t, {
      REDIS_URL: redis.url,
      JWT_SECRET: secret,
      DATABASE_URL: `file:${join(temporaryFolder(t), 'one.db')}`
    })
    const file = join(temporaryFolder(t), 'other.db')
    const other = await build(t, { REDIS_URL: redis.url, JWT_SECRET: secret, DATABASE_URL: `file:${file}` })
    await other.db.updateTable('users').set({ username: 'of-the-other' }).where('id', '=', 2).execute()
    for (const { app, as } of [one, other]) await app.inject({ url: '/users', headers: await as('admin') })
    const answer = await one.app.inject({ url: '/users', headers: await one.as('admin') })
    t.notMatch(answer.body, 'of-the-other')
    t.equal(await allowed([one.app], 10), 3)
    t.equal(await allowed([other.app], 10), 3, 'each has budgets of its own')

    const copy = await build(t, {
      REDIS_URL: redis.url,
      JWT_SECRET: 'of the copy of a database that is tried out',
      DATABASE_URL: `file:${file}`
    })
    t.equal(await allowed([copy.app], 10), 3, 'also a copy of the database with other keys')

    const channels = async () => ((await redis.client.pubsub('CHANNELS', '*:messages')) as string[]).length
    const before = await channels()
    const numbered = await build(t, {
      REDIS_URL: `${redis.url}/3`,
      JWT_SECRET: secret,
      DATABASE_URL: `file:${file}`
    })
    t.ok(await isUp(numbered.app))
    t.equal(await channels(), before + 1)
    const missing = await build(t, { REDIS_URL: `${redis.url}/99` })
    t.match(await readiness(missing.app), { redis: 'away' }, 'and never goes on in another one')
  }
)

test(
  'a Redis that wants a password says so, and all is well when it is given',
  withRedisServer,
  async (t) => {
    const redis = await startRedis(t)
    await redis.client.config('SET', 'requirepass', 'a password of Redis')
    const { app } = await build(t, { REDIS_URL: redis.url })
    t.match(await readiness(app), { redis: 'away', redis_fault: 'not_permitted' })
    const named = await build(t, { REDIS_URL: redis.url.replace('//', '//:a%20password%20of%20Redis@') })
    t.ok(await isUp(named.app))
  }
)
