import Sqlite from 'better-sqlite3'
import { join } from 'node:path'
import { test } from 'tap'
import { migrateUp, pendingMigrations } from '../../core/database/migrator.ts'
import { decideAlone } from '../../core/database/locks.ts'
import { openDatabase } from '../../core/database/open.ts'
import { prepareRead } from '../../core/database/prepared.ts'
import { write } from '../../core/database/transaction.ts'
import { takeTurn } from '../../core/database/turns.ts'
import { scratchDatabase, sqliteOnly } from '../database.ts'
import { build } from '../helper.ts'
import { temporaryFolder } from '../process.ts'
import { until } from '../until.ts'

/** A sign-in: it writes. */
const credentials = { username: 'admin', password: 'password123' }

test('an instant is RFC 3339 text with milliseconds and a count is a number', async (t) => {
  const { db } = await build(t)
  const at = '2026-01-31T09:30:00.120Z'
  await db.updateTable('users').set({ updated_at: at }).where('id', '=', 1).execute()
  const user = await db.selectFrom('users').selectAll().where('id', '=', 1).executeTakeFirstOrThrow()
  t.equal(user.updated_at, at)
  t.match(user.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  const counted = await db
    .selectFrom('users')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  t.equal(counted.count, 2)
  const earlier = await db.selectFrom('users').select('id').where('updated_at', '<=', at).execute()
  t.same(earlier, [{ id: 1 }], 'instants compare')
})

test('of writes that read what the others change, none is lost', async (t) => {
  const { db } = await build(t)
  const read = () => db.selectFrom('users').select('version').where('id', '=', 1).executeTakeFirstOrThrow()
  const before = await read()
  const raise = () =>
    write(db, async (tx) => {
      const { version } = await tx
        .selectFrom('users')
        .select('version')
        .where('id', '=', 1)
        .forUpdate()
        .executeTakeFirstOrThrow()
      await tx
        .updateTable('users')
        .set({ version: version + 1 })
        .where('id', '=', 1)
        .execute()
    })
  await Promise.all(Array.from({ length: 20 }, raise))
  t.equal((await read()).version, before.version + 20)
})

test('two writes that would each leave the other without what it has seen do not both commit', async (t) => {
  const { db } = await build(t)
  // Each may disable an account as long as another one stays active.
  const disable = (id: number) =>
    write(db, async (tx) => {
      await decideAlone(tx, 'the last active account')
      const active = await tx.selectFrom('users').select('id').where('status', '=', 'active').execute()
      if (active.length < 2) return false
      await tx.updateTable('users').set({ status: 'disabled' }).where('id', '=', id).execute()
      return true
    })
  const outcomes = await Promise.all([disable(1), disable(2)])
  t.same(outcomes.sort(), [false, true])
  const active = await db.selectFrom('users').select('id').where('status', '=', 'active').execute()
  t.equal(active.length, 1)
})

test('of several processes that migrate at once, one applies each migration', async (t) => {
  const url = await scratchDatabase(t)
  const databases = [1, 2, 3].map(() => openDatabase(url))
  t.teardown(() => Promise.all(databases.map((db) => db.destroy())))
  const applied = await Promise.all(databases.map((db) => migrateUp(db)))
  const names = applied.flat()
  t.ok(names.length > 0)
  t.equal(new Set(names).size, names.length, 'none was applied twice')
  for (const db of databases) t.same(await pendingMigrations(db), [])
})

test(
  'while another process holds the SQLite database, reads answer and a write is 503',
  sqliteOnly,
  async (t) => {
    const file = join(temporaryFolder(t), 'locked.db')
    const { app, as } = await build(t, { DATABASE_URL: `file:${file}` })
    const headers = await as('admin')
    const holder = new Sqlite(file)
    t.teardown(() => holder.close())
    holder.exec('begin immediate')

    const login = app.inject({ method: 'POST', url: '/login', payload: credentials })
    const reads = await Promise.all([1, 2, 3].map(() => app.inject({ url: '/audit', headers })))
    t.same(
      reads.map(({ statusCode }) => statusCode),
      [200, 200, 200]
    )
    const refused = await login
    t.equal(refused.statusCode, 503)
    t.equal(refused.headers['retry-after'], '1')
    t.match(refused.json(), { code: 'DATABASE_BUSY' })

    holder.exec('rollback')
    const again = await app.inject({ method: 'POST', url: '/login', payload: credentials })
    t.equal(again.statusCode, 200)
  }
)

test(
  'a write that waits for its turn on SQLite is told in time, and is not made later',
  sqliteOnly,
  async (t) => {
    const { db } = await build(t, { DATABASE_URL: ':memory:' })
    let release: (() => void) | undefined
    const hanging = write(db, () => new Promise<void>((resolve) => (release = resolve)))
    let ran = false
    const waiting = write(db, async () => {
      ran = true
    })
    await t.rejects(waiting, { code: 'DATABASE_BUSY' })
    release?.()
    await hanging
    await write(db, async () => undefined)
    t.notOk(ran)
  }
)

test('a write whose turn has not come never runs, however early its timer fires', async (t) => {
  const db = openDatabase(':memory:')
  t.teardown(() => db.destroy())
  let release: (() => void) | undefined
  const longest = performance.now() + 60_000
  const hanging = takeTurn(db, () => new Promise<void>((resolve) => (release = resolve)), longest)
  await until(() => release !== undefined)
  let ran = false
  const work = async () => {
    ran = true
  }
  await t.rejects(takeTurn(db, work, performance.now() + 1), { code: 'DATABASE_BUSY' })
  const next = takeTurn(db, async () => 'next', longest)
  release?.()
  await hanging
  t.equal(await next, 'next')
  t.notOk(ran)
})

test('a query of any limit is one text, which SQLite plans once', async (t) => {
  const db = openDatabase(':memory:')
  t.teardown(() => db.destroy())
  const { sql, parameters } = db.selectFrom('users').select('id').where('id', '>', 7).limit(5).compile()
  t.match(sql, /limit 0 \+ \?$/, 'SQLite does not look into a sum')
  t.same(parameters, [7, 5])
})

test('a prepared read sees what is committed and nothing else, however often it runs', async (t) => {
  const db = openDatabase(`file:${join(temporaryFolder(t), 'read.db')}`)
  t.teardown(() => db.destroy())
  await migrateUp(db)
  const find = prepareRead<{ name: string }, { description: string }>(db, (value) =>
    db.selectFrom('roles').select('description').where('name', '=', value('name'))
  )
  const before = await find({ name: 'user' })
  t.equal(before.length, 1)
  t.same(await find({ name: 'nobody' }), [])
  await write(db, async (tx) => {
    await tx.updateTable('roles').set({ description: 'changed' }).where('name', '=', 'user').execute()
    t.same(await find({ name: 'user' }), before, 'not what is under way')
  })
  t.same(await find({ name: 'user' }), [{ description: 'changed' }])
})
