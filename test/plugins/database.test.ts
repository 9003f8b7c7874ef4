import Sqlite from 'better-sqlite3'
import { sql } from 'kysely'
import { spawnSync } from 'node:child_process'
import { rmSync, statfsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { databaseProblem } from '../../plugins/db/failures.ts'
import { forever } from '../../plugins/db/forever.ts'
import { migrateUp, pendingMigrations } from '../../plugins/db/migrator.ts'
import { openDatabase } from '../../plugins/db/open.ts'
import { prepareRead } from '../../plugins/db/prepared.ts'
import { write } from '../../plugins/db/transaction.ts'
import { postgresServer, scratchDatabase, scratchPostgres } from '../database.ts'
import { build } from '../helper.ts'
import { temporaryFolder } from '../process.ts'
import { startProxy } from '../proxy.ts'

const onPostgres = postgresServer === undefined && { skip: 'TEST_DATABASE_URL names no PostgreSQL server' }
const server = postgresServer ?? ''

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
  const scratch = await scratchDatabase(t)
  const url = scratch === ':memory:' ? `file:${join(temporaryFolder(t), 'new.db')}` : scratch
  const databases = [1, 2, 3].map(() => openDatabase(url))
  t.teardown(() => Promise.all(databases.map((db) => db.destroy())))
  const applied = await Promise.all(databases.map(migrateUp))
  const names = applied.flat()
  t.ok(names.length > 0)
  t.equal(new Set(names).size, names.length, 'none was applied twice')
  for (const db of databases) t.same(await pendingMigrations(db), [])
})

test('while another process holds the SQLite database, reads answer and a write is 503', async (t) => {
  const file = join(temporaryFolder(t), 'locked.db')
  const { app, as } = await build(t, { DATABASE_URL: `file:${file}` })
  const headers = await as('admin')
  const holder = forever(new Sqlite(file))
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
})

test('on a full disk reads answer, a write is 503 and leaves nothing, and room is found by itself', async (t) => {
  const folder = temporaryFolder(t)
  const file = join(folder, 'full.db')
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder]).status === 0
  if (!mounted) {
    t.comment('no right to mount a small disk: not tested here')
    return
  }
  const { app, as, db } = await build(t, { DATABASE_URL: `file:${file}` })
  t.teardown(async () => {
    await app.close()
    spawnSync('umount', [folder])
  })
  const headers = await as('admin')
  const sessions = async () => (await db.selectFrom('sessions').select('id').execute()).length
  const before = await sessions()
  const ballast = join(folder, 'ballast')
  const size = statfsSync(folder)
  writeFileSync(ballast, Buffer.alloc(size.bavail * size.bsize))

  // The first ones may still find room in pages that are there already.
  let refused = await app.inject({ method: 'POST', url: '/login', payload: credentials })
  let signedIn = 0
  for (; refused.statusCode === 200 && signedIn < 9; signedIn++)
    refused = await app.inject({ method: 'POST', url: '/login', payload: credentials })
  t.equal(refused.statusCode, 503)
  t.equal(refused.headers['retry-after'], '60')
  t.match(refused.json(), { code: 'STORAGE_FULL' })
  t.equal(await sessions(), before + signedIn, 'what was acknowledged is there, and no more')
  t.equal((await app.inject({ url: '/audit', headers })).statusCode, 200)

  rmSync(ballast)
  const again = await app.inject({ method: 'POST', url: '/login', payload: credentials })
  t.equal(again.statusCode, 200)
  const { rows } = await sql<{ integrity_check: string }>`pragma integrity_check`.execute(db)
  t.same(rows, [{ integrity_check: 'ok' }])
})

test('while another session locks a PostgreSQL table, a write is 503', { ...onPostgres }, async (t) => {
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

test(
  'without its PostgreSQL server the answer is 503, and afterwards all is well',
  { ...onPostgres },
  async (t) => {
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
    t.equal((await app.inject('/health/ready')).statusCode, 503)
    t.equal((await app.inject('/health/live')).statusCode, 200)

    await proxy.mend()
    t.equal((await app.inject({ url: '/audit', headers })).statusCode, 200)
    t.equal((await app.inject('/health/ready')).statusCode, 200)
  }
)

test('a PostgreSQL statement that takes too long is given up with a 503', { ...onPostgres }, async (t) => {
  const db = openDatabase(await scratchPostgres(t, server), { longestStatement: 300 })
  t.teardown(() => db.destroy())
  const outcome = await sql`select pg_sleep(5)`.execute(db).catch(databaseProblem)
  t.match(outcome, { code: 'DATABASE_BUSY', kind: { status: 503 } })
})

test('a connection to a PostgreSQL that hangs is cut, and another one made', { ...onPostgres }, async (t) => {
  const proxy = await startProxy(t, await scratchPostgres(t, server))
  const db = openDatabase(proxy.url, { longestStatement: 300 })
  t.teardown(() => db.destroy())
  const backend = async () =>
    (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db)).rows[0]?.pid
  const before = await backend()
  proxy.block()
  const hung = write(db, (tx) => sql`select 1`.execute(tx))
  await t.rejects(hung, { code: 'DATABASE_UNREACHABLE' })
  proxy.open()
  const after = await backend()
  t.type(after, 'number')
  t.not(after, before)
})

test('a write that waits for its turn is told in time, and is not made later', async (t) => {
  const { db } = await build(t)
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
