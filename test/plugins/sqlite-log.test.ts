import Sqlite from 'better-sqlite3'
import { sql } from 'kysely'
import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Test, test } from 'tap'
import { onTouched, touch } from '../../core/changes/touched.ts'
import type { Db } from '../../core/database/database.ts'
import { DatabaseBusy } from '../../core/database/failures.ts'
import { openDatabase } from '../../core/database/open.ts'
import { commitInGroups, logOf } from '../../core/database/sqlite-log.ts'
import { write } from '../../core/database/transaction.ts'
import { fakeClocks } from '../clock.ts'
import { temporaryFolder } from '../process.ts'
import { until } from '../until.ts'

type Options = Partial<Parameters<typeof commitInGroups>[2]>

/** A file with one table that commits in groups; `reports` is what was told of it. */
async function grouped(t: Test, options: Options = {}) {
  const file = join(temporaryFolder(t), 'grouped.db')
  const db = openDatabase(`file:${file}`)
  let closed: Promise<void> | undefined
  const close = () => (closed ??= (logOf(db)?.close() ?? Promise.resolve()).then(() => db.destroy()))
  t.teardown(close)
  await sql`create table numbers (number integer primary key, ballast blob)`.execute(db)
  const reports: string[] = []
  await commitInGroups(db, file, { report: (_error, meaning) => reports.push(meaning), ...options })
  return { db, file, close, reports }
}

/** Adds a number; `before` is called before it commits. */
const add = (db: Db, number: number, before: () => void = () => undefined) =>
  write(db, async (tx) => {
    touch(tx, 'numbers', number)
    await sql`insert into numbers values (${number}, null)`.execute(tx)
    before()
  })

const numbersIn = async (db: Db) =>
  (await sql<{ number: number }>`select number from numbers order by number`.execute(db)).rows.map(
    ({ number }) => number
  )

/** Syncs that take until each is let go, in their order. */
function heldSyncs() {
  const held: (() => void)[] = []
  const sync = () => new Promise<void>((resolve) => held.push(resolve))
  return { held, sync }
}

test('an answer waits for a sync that began after its commit, and shares it with others', async (t) => {
  const { held, sync } = heldSyncs()
  const { db, close } = await grouped(t, { sync })
  const answered: number[] = []
  const heard: unknown[] = []
  onTouched(db, (touched) => heard.push(touched))
  const answers = [1, 2, 3].map((number) => add(db, number).then(() => answered.push(number)))
  await until(async () => (await numbersIn(db)).length === 3)
  t.equal(held.length, 1, 'the first has one, which began before the others had committed')
  t.same([answered, heard], [[], []])
  held[0]?.()
  await answers[0]
  await until(() => held.length === 2)
  t.same(answered, [1])
  held[1]?.()
  await Promise.all(answers)
  t.same(answered, [1, 2, 3])
  t.same(
    heard,
    [1, 2, 3].map((key) => [{ table: 'numbers', key }])
  )
  const closed = close()
  await until(() => held.length === 3)
  held[2]?.()
  await closed
})

test('after a sync that failed a write is in doubt, and no other one is made', async (t) => {
  let syncs = 0
  const sync = async () => {
    syncs++
    throw new Error('EIO')
  }
  const { db, reports, close } = await grouped(t, { sync })
  const dropped: unknown[] = []
  onTouched(db, (touched) => dropped.push(touched))
  await t.rejects(add(db, 1), { code: 'DATABASE_UNREACHABLE', cause: { message: 'EIO' } })
  t.same(dropped, [[{ table: 'numbers', key: 1 }]], 'who remembers it forgets it')
  t.match(reports, [/until a restart$/])
  t.match(logOf(db)?.fault, /restart/)
  await t.rejects(add(db, 2), {
    code: 'STORAGE_FULL',
    cause: { message: 'EIO' },
    occurrence: { headers: { 'retry-after': '60' } }
  })
  t.same(await numbersIn(db), [1])
  t.equal(syncs, 1, 'another sync could succeed and mean nothing')
  await close()
  t.equal(reports.length, 1, 'it is told once')
})

test('a sync that takes too long leaves a write in doubt, and meanwhile no other is made', async (t) => {
  const { held, sync } = heldSyncs()
  const { db, close } = await grouped(t, { sync })
  const dropped: unknown[] = []
  onTouched(db, (touched) => dropped.push(touched))
  const clocks = fakeClocks(t)
  const late = add(db, 1, () => clocks.pass(4_990))
  await t.rejects(late, { code: 'DATABASE_UNREACHABLE', occurrence: { headers: { 'retry-after': '1' } } })
  t.same(dropped, [[{ table: 'numbers', key: 1 }]])
  clocks.pass(5_000)
  t.equal(logOf(db)?.fault, undefined)
  clocks.pass(1)
  t.equal(logOf(db)?.fault, 'the disk does not answer')
  await t.rejects(add(db, 2), { code: 'DATABASE_BUSY' })
  t.same(await numbersIn(db), [1])
  held[0]?.()
  await until(() => logOf(db)?.fault === undefined)
  const third = add(db, 3)
  await until(() => held.length === 2)
  held[1]?.()
  await third
  const closed = close()
  await until(() => held.length === 3)
  held[2]?.()
  await closed
})

test('what SQLite itself could not sync is not trusted either, and what else it says is no such thing', async (t) => {
  for (const [code, fault] of [
    ['SQLITE_IOERR_FSYNC', 'the disk failed to keep a write, restart the service'],
    ['SQLITE_IOERR_DIR_FSYNC', 'the disk failed to keep a write, restart the service'],
    ['SQLITE_IOERR_WRITE', undefined],
    ['X_SQLITE_IOERR_FSYNC', undefined],
    ['SQLITE_IOERR_FSYNC_X', undefined]
  ] as const) {
    const { db } = await grouped(t)
    const failing = write(db, () => Promise.reject(Object.assign(new Error('failed'), { code })))
    await t.rejects(failing)
    t.equal(logOf(db)?.fault, fault, code)
  }
})

test('a file that commits in groups is not synced by SQLite, nor brought together by it', async (t) => {
  const { db } = await grouped(t)
  const pragma = async (name: string) =>
    Object.values(
      (await sql<Record<string, unknown>>`${sql.raw(`pragma ${name}`)}`.execute(db)).rows[0] ?? {}
    )
  t.same(await pragma('synchronous'), [1])
  t.same(await pragma('wal_autocheckpoint'), [0])
  t.same(await pragma('journal_size_limit'), [4_096 * (4_096 + 24)])
})

test('between two writes the event loop turns', async (t) => {
  const { db } = await grouped(t, { sync: async () => undefined })
  let turns = 0
  const turn = () => {
    turns++
    turning = setImmediate(turn)
  }
  let turning = setImmediate(turn)
  const seen: number[] = []
  const writes = Array.from({ length: 20 }, () =>
    write(db, async () => {
      seen.push(turns)
    })
  )
  await Promise.all(writes)
  clearImmediate(turning)
  t.equal(new Set(seen).size, 20, seen.join(' '))
})

test('what writes have answered is not kept', async (t) => {
  const { db } = await grouped(t, { sync: async () => undefined })
  const answers: WeakRef<object>[] = []
  for (let count = 0; count < 20; count++) answers.push(new WeakRef(await write(db, async () => ({ count }))))
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  await until(() => {
    collect()
    return answers.slice(0, -1).every((answer) => answer.deref() === undefined)
  })
})

/** Writes two pages and more, so many times or until it may not; answers how often it could. */
async function fill(db: Db, times: number) {
  const insertion = sql`insert into numbers values (null, zeroblob(8000))`
  for (let count = 0; count < times; count++) {
    try {
      await write(db, (tx) => insertion.execute(tx))
    } catch (error) {
      if (error instanceof DatabaseBusy) return count
      throw error
    }
  }
  return times
}

test('the log begins anew while writes go on, and is brought into the file when it is closed', async (t) => {
  const { db, file, close, reports } = await grouped(t, { sizes: { checkpoint: 40, most: 1_000_000 } })
  let written = 0
  await until(async () => {
    written += await fill(db, 100)
    return statSync(`${file}-wal`).size < (written * 8_000) / 2
  })
  await close()
  t.notOk(existsSync(`${file}-wal`))
  t.same(reports, [])
  const sqlite = new Sqlite(file, { readonly: true })
  t.equal(sqlite.prepare('select count(*) from numbers').pluck().get(), written)
  sqlite.close()
})

test('while somebody reads for long the log has a bound, and afterwards it is small again', async (t) => {
  const { db, file } = await grouped(t, { sizes: { checkpoint: 40, most: 200 } })
  const reader = new Sqlite(file, { readonly: true })
  t.teardown(() => reader.close())
  reader.exec('begin; select count(*) from numbers')
  const before = await fill(db, 600)
  t.ok(before > 25 && before < 100, `${before} writes before one is refused`)
  t.ok(statSync(`${file}-wal`).size < 300 * 4_120)
  await t.rejects(add(db, 1_000), { code: 'DATABASE_BUSY' })
  t.equal((await numbersIn(db)).length, before, 'what is refused is not made')
  reader.exec('commit')
  let after = 0
  await until(async () => (after += await fill(db, 20)) >= 300)
  t.ok(statSync(`${file}-wal`).size < 300 * 4_120)
})
