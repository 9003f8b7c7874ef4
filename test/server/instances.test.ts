import { test } from 'tap'
import { openDatabase } from '../../core/database/open.ts'
import { postgresServer, scratchPostgres } from '../database.ts'
import { startServer } from '../process.ts'
import { onRedis, scratchRedis } from '../redis.ts'
import { until } from '../until.ts'

const onBoth =
  postgresServer === undefined ? { skip: 'TEST_DATABASE_URL names no PostgreSQL server' } : onRedis

const call = (
  url: string,
  { method = 'GET', token = '', json }: { method?: string; token?: string; json?: unknown } = {}
) =>
  fetch(url, {
    method,
    headers: {
      'if-match': '*',
      ...(token !== '' && { authorization: `Bearer ${token}` }),
      ...(json !== undefined && { 'content-type': 'application/json' })
    },
    ...(json !== undefined && { body: JSON.stringify(json) })
  })

test('three instances on one PostgreSQL and one Redis are one service', onBoth, async (t) => {
  const DATABASE_URL = await scratchPostgres(t, postgresServer ?? '')
  const env = {
    ...scratchRedis(t),
    DATABASE_URL,
    JWT_SECRET: 'what the three instances sign their tokens with',
    BCRYPT_COST: '4',
    RATE_LIMIT_DEFAULT: '100000'
  }
  const servers = await Promise.all([1, 2, 3].map(() => startServer(t, { env })))
  const [first, second, third] = servers
  if (!first || !second || !third) throw new Error('three servers were started')

  const login = async (server: { url: string }, username: string, password = 'password123') => {
    const answer = await call(`${server.url}/login`, { method: 'POST', json: { username, password } })
    if (answer.status !== 200) throw new Error(`${username} cannot sign in: ${await answer.text()}`)
    return ((await answer.json()) as { access_token: string }).access_token
  }
  const admin = await login(first, 'admin')

  /** Waits until GET `path` is answered so by each instance. */
  const everywhere = (path: string, token: string, status: number) =>
    until(async () => {
      const answers = await Promise.all(servers.map(({ url }) => call(url + path, { token })))
      return answers.every((answer) => answer.status === status)
    })

  await t.test('one of those that started at once has migrated', async (t) => {
    const applied = servers.flatMap(({ output }) => output().match(/"migration":"[^"]+"/g) ?? [])
    t.ok(applied.length > 0)
    t.equal(new Set(applied).size, applied.length, 'each migration once')
    const db = openDatabase(DATABASE_URL)
    t.equal(
      (await db.selectFrom('users').select('id').execute()).length,
      2,
      'and the accounts are there once'
    )
    await db.destroy()
  })

  await t.test('a limit of three lets exactly three of ninety through over all', async (t) => {
    const answers = await Promise.all(
      Array.from({ length: 90 }, (_, index) => call(`${servers[index % 3]?.url ?? ''}/rate-limited`))
    )
    t.equal(answers.filter(({ status }) => status === 200).length, 3)
    t.equal(answers.filter(({ status }) => status === 429).length, 87)
  })

  await t.test('a logout, a change of role and a ban on one count on the others', async (t) => {
    const leaver = await login(second, 'user')
    await everywhere('/protected', leaver, 200)
    await call(`${third.url}/logout`, { method: 'POST', token: leaver })
    await everywhere('/protected', leaver, 401)

    const made = await call(`${first.url}/users`, {
      method: 'POST',
      token: admin,
      json: { username: 'climber', password: 'correct horse battery', role: 'admin' }
    })
    const { id } = (await made.json()) as { id: number }
    const climber = await login(third, 'climber', 'correct horse battery')
    await everywhere('/admin', climber, 200)
    const change = (json: object) =>
      call(`${second.url}/users/${id}`, { method: 'PATCH', token: admin, json })
    t.equal((await change({ role: 'user' })).status, 200)
    await everywhere('/admin', climber, 403)
    t.equal((await change({ status: 'disabled' })).status, 200)
    await everywhere('/protected', climber, 401)
  })

  await t.test('a purge on one is seen on all', async (t) => {
    const list = async ({ url }: { url: string }) => (await call(`${url}/users`, { token: admin })).text()
    for (const server of servers) t.notMatch(await list(server), 'past-the-api')
    const db = openDatabase(DATABASE_URL)
    await db
      .updateTable('users')
      .set({ username: 'past-the-api' })
      .where('username_key', '=', 'climber')
      .execute()
    await db.destroy()
    t.notMatch(await list(second), 'past-the-api', 'still the kept answer')
    await call(`${first.url}/cache?tag=users`, { method: 'DELETE', token: admin })
    for (const server of servers) await until(async () => (await list(server)).includes('past-the-api'))
  })

  await t.test(
    'an instance killed under load, again and again, loses nothing that was acknowledged',
    async (t) => {
      const acknowledged: string[] = []
      const write = async (url: string, writer: string) => {
        for (let number = 0; ; number++) {
          const username = `writer-${writer}-${number}`
          const json = { username, password: 'correct horse battery', role: 'user' }
          const answer = await call(`${url}/users`, { method: 'POST', token: admin, json })
          if (answer.status === 201) acknowledged.push(username)
        }
      }
      for (let round = 1; round <= 3; round++) {
        const doomed = round === 1 ? third : await startServer(t, { env })
        const writers = Array.from({ length: 10 }, (_, writer) => write(doomed.url, `${round}-${writer}`))
        const broken = Promise.allSettled(writers)
        const enough = 20 * round + Math.random() * 20
        await until(() => acknowledged.length >= enough)
        await doomed.stop('SIGKILL')
        t.ok((await broken).every(({ status }) => status === 'rejected'))
      }

      const db = openDatabase(DATABASE_URL)
      const stored = await db.selectFrom('users').select('username').execute()
      const entries = await db
        .selectFrom('audit')
        .select('target')
        .where('action', '=', 'user.create')
        .execute()
      await db.destroy()
      const names = new Set(stored.map(({ username }) => username))
      t.same(
        acknowledged.filter((name) => !names.has(name)),
        [],
        `${acknowledged.length} were acknowledged`
      )
      t.equal(entries.length, stored.length, 'each account has its audit entry: nothing is half-written')
      t.equal((await call(`${first.url}/protected`, { token: admin })).status, 200, 'the others go on')
    }
  )
})
