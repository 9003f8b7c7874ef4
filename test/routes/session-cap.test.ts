import type { FastifyInstance } from 'fastify'
import { test } from 'tap'
import type { Db } from '../../core/database/database.ts'
import { migrateDown, migrateUp } from '../../core/database/migrator.ts'
import { write } from '../../core/database/transaction.ts'
import { startSession } from '../../core/sessions/sessions.ts'
import { fakeClocks } from '../clock.ts'
import { scratchDatabase } from '../database.ts'
import { build } from '../helper.ts'

const unhurried = { RATE_LIMIT_SIGN_IN: '1000' }

/** Signs in as the account with the id 2, from an address of its own for each number. */
const signIn = (app: FastifyInstance, number: number) =>
  app.inject({
    method: 'POST',
    url: '/login',
    payload: { username: 'user', password: 'password123' },
    remoteAddress: `203.0.113.${number}`
  })

/** Opens sessions of the account with the id 2, one a millisecond. */
const open = (app: FastifyInstance, count: number, pass: () => void) =>
  write(app.db, async (tx) => {
    const opened = []
    for (let index = 0; index < count; index++) {
      pass()
      const session = { userId: 2, userAgent: 'test', address: '192.0.2.1' }
      opened.push(await startSession(tx, session, app.auth.lifetimes))
    }
    return opened
  })

const idsOf = async (db: Db, userId = 2) => {
  const query = db.selectFrom('sessions').select('id').where('user_id', '=', userId)
  return (await query.orderBy('created_at').execute()).map(({ id }) => id)
}

test('an account has a hundred live sessions: one more ends the oldest, and the audit log has it', async (t) => {
  const clocks = fakeClocks(t)
  const { app, db, session } = await build(t, unhurried)
  const tick = () => clocks.pass(1)
  const admins = await session('admin')
  const [expired] = await open(app, 1, tick)
  const past = new Date(Date.now() - 1).toISOString()
  await db
    .updateTable('sessions')
    .set({ expires_at: past })
    .where('id', '=', expired?.sessionId ?? '')
    .execute()
  const opened = await open(app, 99, tick)
  const [oldest, second] = opened
  tick()
  t.equal((await signIn(app, 1)).statusCode, 200)
  t.equal((await idsOf(db)).length, 101, 'one that has expired does not count')

  tick()
  t.equal((await signIn(app, 1)).statusCode, 200)
  const ids = await idsOf(db)
  t.same(
    ids.slice(0, 3),
    [expired, second, opened[2]].map((session) => session?.sessionId)
  )
  t.equal(ids.length, 101)
  t.same(await idsOf(db, 1), [admins.sessionId], 'of another account none')
  const refresh = (refresh_token = '') =>
    app.inject({ method: 'POST', url: '/refresh', payload: { refresh_token } })
  t.equal((await refresh(oldest?.refreshToken)).statusCode, 401)
  t.equal((await refresh(second?.refreshToken)).statusCode, 200)
  const entries = await db.selectFrom('audit').selectAll().where('action', '=', 'session.end').execute()
  t.match(entries, [
    {
      target: `session:${oldest?.sessionId ?? ''}`,
      actor: 'user',
      address: '203.0.113.1',
      changes: '[{"member":"scope","to":"oldest"}]'
    }
  ])
  t.equal(entries.length, 1)
})

test('the access tokens of a session that ends for a newer one are dead from the next request on', async (t) => {
  const clocks = fakeClocks(t)
  const { app, session } = await build(t, unhurried)
  const { headers } = await session('user')
  await open(app, 99, () => clocks.pass(1))
  const status = async () => (await app.inject({ url: '/protected', headers })).statusCode
  t.equal(await status(), 200)
  clocks.pass(1)
  t.equal((await signIn(app, 1)).statusCode, 200)
  t.equal(await status(), 401)
})

test('sign-ins that race, at two instances of one database, leave a hundred', async (t) => {
  const DATABASE_URL = await scratchDatabase(t)
  const { app: here, db } = await build(t, { ...unhurried, DATABASE_URL })
  const { app: there } = await build(t, { ...unhurried, DATABASE_URL })
  await open(here, 95, () => undefined)
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, index) => signIn(index % 2 ? here : there, index))
  )
  t.same(new Set(answers.map(({ statusCode }) => statusCode)), new Set([200]))
  t.equal((await idsOf(db)).length, 100)
  const ended = await db.selectFrom('audit').select('target').where('action', '=', 'session.end').execute()
  t.equal(new Set(ended.map(({ target }) => target)).size, 25)
  t.equal(ended.length, 25, 'each has one entry')
})

test('a database that holds more keeps the newest hundred of each account', async (t) => {
  const clocks = fakeClocks(t)
  const { app, db, session } = await build(t)
  const { sessionId: admins } = await session('admin')
  await migrateDown(db, '2026-11-26-most-sessions')
  const [model] = await open(app, 1, () => undefined)
  const row = await db
    .selectFrom('sessions')
    .selectAll()
    .where('id', '=', model?.sessionId ?? '')
    .executeTakeFirstOrThrow()
  const older = Array.from({ length: 125 }, (_, index) => ({
    ...row,
    id: `older-${String(index).padStart(3, '0')}`,
    family: `family-${index}`,
    created_at: new Date(Date.now() - 1_000 * (index + 1)).toISOString(),
    // Every seventh has expired.
    expires_at: new Date(Date.now() + (index % 7 ? 1 : -1) * 60_000).toISOString()
  }))
  await db.insertInto('sessions').values(older).execute()
  clocks.pass(1)
  await migrateUp(db)
  const live = older.filter((_, index) => index % 7)
  const left = new Set(await idsOf(db))
  t.equal(live.length, 107)
  t.ok(left.has(row.id))
  t.same(
    live.filter(({ id }) => left.has(id)),
    live.slice(0, 99)
  )
  t.same(await idsOf(db, 1), [admins])
})
