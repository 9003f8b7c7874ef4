import { sql } from 'kysely'
import pg from 'pg'
import { type Test, test } from 'tap'
import type { Db } from '../../core/database/database.ts'
import { databaseProblem } from '../../core/database/failures.ts'
import { decideAlone } from '../../core/database/locks.ts'
import { openDatabase } from '../../core/database/open.ts'
import { withoutLimits } from '../../core/database/postgres-pool.ts'
import { write, writeOne } from '../../core/database/transaction.ts'
import { foreignChanges } from '../../core/database/version.ts'
import { fakeClocks } from '../clock.ts'
import { administer, postgresServer, scratchPostgres } from '../database.ts'
import { until } from '../until.ts'

const onPostgres =
  postgresServer === undefined ? { skip: 'TEST_DATABASE_URL names no PostgreSQL server' } : {}
const server = postgresServer ?? ''

/** A database with two numbered rows; `numbers` answers those that are there. */
async function numbered(t: Test, options: Parameters<typeof openDatabase>[1] = { connections: 3 }) {
  const url = await scratchPostgres(t, server)
  const db = openDatabase(url, options)
  t.teardown(() => db.destroy())
  await sql`create table numbers (number integer primary key)`.execute(db)
  await sql`insert into numbers values (1), (2)`.execute(db)
  const { rows } = await sql<{ numbers: number[] }>`select array_agg(number) as numbers from numbers`.execute(
    db
  )
  t.same(rows, [{ numbers: [1, 2] }])
  const numbers = async () =>
    (await sql<{ number: number }>`select number from numbers order by number`.execute(db)).rows.map(
      ({ number }) => number
    )
  return { url, db, numbers, end: (pid: number) => administer(server, `select pg_terminate_backend(${pid})`) }
}

const setting = async (db: Db, name: string) =>
  Object.values((await sql<Record<string, unknown>>`${sql.raw(`show ${name}`)}`.execute(db)).rows[0] ?? {})[0]

const pidOf = async (db: Db) =>
  (await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(db)).rows[0]?.pid ?? 0

test(
  'an instant is RFC 3339 text in UTC and a count a number, whatever the database has as a default',
  onPostgres,
  async (t) => {
    const url = await scratchPostgres(t, server)
    const name = new URL(url).pathname.slice(1)
    for (const change of ["datestyle to 'SQL, DMY'", "timezone to 'Asia/Kathmandu'"])
      await administer(server, `alter database "${name}" set ${change}`)
    const db = openDatabase(url)
    t.teardown(() => db.destroy())
    const values = sql`select '2026-01-03 09:30:00.12+00'::timestamptz as at, 5::bigint as count,
    '2026-01-03 00:00:00+00'::timestamptz::text as text`
    t.strictSame((await values.execute(db)).rows, [
      { at: '2026-01-03T09:30:00.120Z', count: 5, text: '2026-01-03 00:00:00+00' }
    ])
  }
)

test('what holds others up is given up in time, in a transaction and outside', onPostgres, async (t) => {
  const { url, db } = await numbered(t, { longestStatement: 300 })
  const limits = async (db: Db) =>
    Promise.all(
      ['lock_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout'].map((name) =>
        setting(db, name)
      )
    )
  t.same(await limits(db), ['500ms', '300ms', '300ms'])
  t.equal(await setting(db, 'application_name'), 'gatehouse')
  // As a pooler hands a connection out, with what another client has left there.
  for (const name of ['lock_timeout', 'statement_timeout', 'idle_in_transaction_session_timeout'])
    await sql`${sql.raw(`set ${name} = 7000`)}`.execute(db)
  await sql`set default_transaction_isolation = 'serializable'`.execute(db)
  await write(db, async (tx) => {
    t.same(await limits(tx), ['500ms', '300ms', '300ms'])
    t.equal(await setting(tx, 'transaction_isolation'), 'read committed')
  })
  await db.transaction().execute(async (tx) => {
    t.equal(await setting(tx, 'transaction_isolation'), 'read committed')
  })
  t.equal(await setting(db, 'lock_timeout'), '7s', 'it ends with the transaction')
  const fresh = openDatabase(url, { longestStatement: 200 })
  t.teardown(() => fresh.destroy())
  t.match(await sql`select pg_sleep(9)`.execute(fresh).catch(databaseProblem), { code: 'DATABASE_BUSY' })
})

test(
  'a database that cannot hold every name, or has no schema, is refused by name',
  onPostgres,
  async (t) => {
    const url = await scratchPostgres(t, server)
    const name = new URL(url).pathname.slice(1)
    const ask = async () => {
      const db = openDatabase(url)
      try {
        return await sql`select 1`.execute(db)
      } finally {
        await db.destroy()
      }
    }
    await administer(server, `alter database "${name}" set search_path to nowhere`)
    await t.rejects(ask(), {
      message: `The search_path of DATABASE_URL's role in ${name}, nowhere, names no schema`
    })
    await administer(server, `drop database "${name}"`)
    await administer(server, `create database "${name}" encoding 'LATIN1' locale 'C' template template0`)
    await t.rejects(ask(), { message: `The database ${name} of DATABASE_URL has the encoding LATIN1` })
  }
)

test('behind a pooler that refuses the limits of a session a connection goes without', async (t) => {
  const pool = new pg.Pool({ lock_timeout: 1, statement_timeout: 2, idle_in_transaction_session_timeout: 3 })
  t.teardown(() => pool.end())
  const limits = () => {
    const { lock_timeout, statement_timeout, idle_in_transaction_session_timeout } = pool.options
    return [lock_timeout, statement_timeout, idle_in_transaction_session_timeout]
  }
  const failing = (...errors: Error[]) => {
    let tries = 0
    return async () => {
      const error = errors[tries++]
      if (error !== undefined) throw error
      return tries
    }
  }
  const failed = (code: string, message: string) => Object.assign(new Error(message), { code })
  const unknown = failed('08P01', 'unsupported startup parameter: lock_timeout')
  t.equal(await withoutLimits(pool, failing()), 1)
  for (const other of [
    failed('08P01', 'protocol error'),
    failed('28P01', 'unsupported startup parameter'),
    new Error('unsupported startup parameter')
  ])
    t.equal(await withoutLimits(pool, failing(other)).catch((error: unknown) => error), other)
  t.same(limits(), [1, 2, 3])
  t.equal(await withoutLimits(pool, failing(unknown)), 2)
  t.same(limits(), [undefined, undefined, undefined])
  t.equal(await withoutLimits(pool, failing(unknown, unknown)).catch((error: unknown) => error), unknown)
})

test(
  'a connection that breaks fails what runs on it alone, and another takes its place',
  onPostgres,
  async (t) => {
    const { db, end, numbers } = await numbered(t, { connections: 1 })
    const idle = await pidOf(db)
    await end(idle)
    let used = idle
    await until(async () => (used = await pidOf(db).catch(() => idle)) !== idle)
    const sleeping = sql`select pg_sleep(9)`.execute(db).catch(databaseProblem)
    const active = `select from pg_stat_activity where pid = ${used} and state = 'active'`
    await until(async () => (await administer(server, active)).rows.length > 0)
    await end(used)
    t.match(await sleeping, { code: 'DATABASE_UNREACHABLE' })
    const broken = write(db, async (tx) => {
      await sql`insert into numbers values (3)`.execute(tx)
      await end(await pidOf(tx))
      await sql`insert into numbers values (4)`.execute(tx)
    })
    await t.rejects(broken, { code: 'DATABASE_UNREACHABLE' })
    t.same(await numbers(), [1, 2])
    const last = `select from pg_stat_activity where pid = ${await pidOf(db)}`
    await db.destroy()
    await until(async () => (await administer(server, last)).rows.length === 0)
  }
)

/** Locks the number 1 in a transaction; answers what ends that. */
async function holdOne(db: Db): Promise<() => Promise<void>> {
  const [held, release] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()]
  const holding = db.transaction().execute(async (tx) => {
    await sql`select from numbers where number = 1 for update`.execute(tx)
    held.resolve(undefined)
    await release.promise
  })
  await held.promise
  return () => {
    release.resolve(undefined)
    return holding
  }
}

test(
  'a write that fails changes nothing, and one that another is in the way of begins anew',
  onPostgres,
  async (t) => {
    const { db, numbers } = await numbered(t)
    const failing = write(db, async (tx) => {
      await sql`insert into numbers values (3)`.execute(tx)
      throw new Error('a mistake')
    })
    await t.rejects(failing, { message: 'a mistake' })
    t.same(await numbers(), [1, 2])

    const release = await holdOne(db)
    let tries = 0
    const waiting = write(db, async (tx) => {
      await sql`insert into numbers values (${3 + tries++})`.execute(tx)
      await sql`delete from numbers where number = 1`.execute(tx)
      return tries
    })
    const single = writeOne(db, (db) => sql`update numbers set number = 1 where number = 1`.execute(db))
    await until(() => tries > 1)
    await release()
    t.equal(await waiting, tries)
    await single
    t.equal((await numbers()).length, 2, 'nothing is left of the first try')
  }
)

test(
  'a row that stays locked is a 503 in time, for a transaction and for one statement',
  onPostgres,
  async (t) => {
    const { db, numbers } = await numbered(t)
    const clocks = fakeClocks(t)
    const release = await holdOne(db)
    const remove = (db: Db) => sql`delete from numbers where number = 1`.execute(db)
    const refused = [write(db, remove), writeOne(db, remove)].map((writing) =>
      writing.catch((error: unknown) => error)
    )
    clocks.pass(5_000)
    for (const error of await Promise.all(refused)) t.match(error, { code: 'DATABASE_BUSY' })
    await release()
    t.same(await numbers(), [1, 2])
  }
)

test('who waits for a connection is counted', onPostgres, async (t) => {
  let waiting = () => -1
  const observer = { query: () => undefined, queue: (length: () => number) => void (waiting = length) }
  const { db } = await numbered(t, { connections: 1, observer })
  t.equal(waiting(), 0)
  const queries = Promise.all([1, 2, 3].map(() => sql`select pg_sleep(0.03)`.execute(db)))
  await until(() => waiting() === 2)
  await queries
  t.equal(waiting(), 0)
})

test(
  'of those who decide about one thing the next goes on when the one before has ended',
  onPostgres,
  async (t) => {
    const { db } = await numbered(t)
    const order: string[] = []
    const [held, release] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()]
    const decide = (thing: string, name: string, work: () => Promise<unknown>) =>
      write(db, async (tx) => {
        await decideAlone(tx, thing)
        await work()
        order.push(name)
      })
    const first = decide('last administrator', 'first', () => {
      held.resolve(undefined)
      return release.promise
    })
    await held.promise
    const second = decide('last administrator', 'second', () => Promise.resolve())
    await decide('another thing', 'other', () => Promise.resolve())
    t.same(order, ['other'])
    release.resolve(undefined)
    await Promise.all([first, second])
    t.same(order, ['other', 'first', 'second'])
    t.not(await foreignChanges(db), await foreignChanges(db), 'nobody knows what other processes change')
  }
)
