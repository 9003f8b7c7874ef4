import { sql } from 'kysely'
import { test } from 'tap'
import { databaseProblem } from '../../core/database/failures.ts'
import { openDatabase } from '../../core/database/open.ts'
import { postgresServer, scratchPostgres } from '../database.ts'
import { fakeClocks } from '../clock.ts'
import { build } from '../helper.ts'
import { startProxy } from '../proxy.ts'

const onPostgres =
  postgresServer === undefined ? { skip: 'TEST_DATABASE_URL names no PostgreSQL server' } : {}
const server = postgresServer ?? ''

/** A sign-in: it writes. */
const credentials = { username: 'admin', password: 'password123' }

test('while another session locks a PostgreSQL table, a write is 503', onPostgres, async (t) => {
  const { app, db } = await build(t)
  const locked = db.transaction().execute(async (tx) => {
    await sql`lock table sessions in exclusive mode`.execute(tx)
    return app.inject({ method: 'POST', url: '/login', payload: credentials })
  })
  const refused = await locked
  t.equal(refused.statusCode, 503)
  t.match(refused.json(), { code: 'DATABASE_BUSY' })
  const again = await app.inject({ method: 'POST', url: '/login', payload: credentials })
  t.equal(again.statusCode, 200)
})

test('without its PostgreSQL server the answer is 503, and afterwards all is well', onPostgres, async (t) => {
  const proxy = await startProxy(t, await scratchPostgres(t, server))
  const { app, as } = await build(t, { DATABASE_URL: proxy.url })
  const headers = await as('admin')
  t.equal((await app.inject({ url: '/audit', headers })).statusCode, 200)

  proxy.cut()
  for (const answer of [
    await app.inject({ url: '/audit', headers }),
    await app.inject({ method: 'POST', url: '/login', payload: credentials })
  ]) {
    t.equal(answer.statusCode, 503)
    t.equal(answer.headers['retry-after'], '1')
    t.match(answer.json(), { code: 'DATABASE_UNREACHABLE' })
  }
  const clocks = fakeClocks(t)
  t.equal((await app.inject('/health/ready')).statusCode, 503)
  t.equal((await app.inject('/health/live')).statusCode, 200)

  await proxy.mend()
  t.equal((await app.inject({ url: '/audit', headers })).statusCode, 200)
  clocks.pass(1_000)
  t.equal((await app.inject('/health/ready')).statusCode, 200)
})

test('a PostgreSQL statement that takes too long is given up with a 503', onPostgres, async (t) => {
  const db = openDatabase(await scratchPostgres(t, server), { longestStatement: 300 })
  t.teardown(() => db.destroy())
  const outcome = await sql`select pg_sleep(5)`.execute(db).catch(databaseProblem)
  t.match(outcome, { code: 'DATABASE_BUSY', kind: { status: 503 } })
})

test('a connection to a PostgreSQL that hangs is cut, and another one made', onPostgres, async (t) => {
  const proxy = await startProxy(t, await scratchPostgres(t, server))
  const db = openDatabase(proxy.url, { longestStatement: 300 })
  t.teardown(() => db.destroy())
  const backend = async () =>
    (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db)).rows[0]?.pid
  const before = await backend()
  proxy.block()
  const hung = sql`select 1`.execute(db).catch(databaseProblem)
  t.match(await hung, { code: 'DATABASE_UNREACHABLE' })
  proxy.open()
  const after = await backend()
  t.type(after, 'number')
  t.not(after, before)
})
