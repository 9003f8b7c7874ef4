import Sqlite from 'better-sqlite3'
import { sql } from 'kysely'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { Checkpoints } from '../../core/database/checkpoints.ts'
import { codeOf } from '../../core/database/failures.ts'
import { openDatabase, readerOf } from '../../core/database/open.ts'
import { temporaryFolder } from '../process.ts'
import { turnOver, until } from '../until.ts'

/** A file whose log grows until it is asked to be brought into it; `place` is where the checkpoints look for it. */
async function prepare(t: Test, place: (path: string) => string = (path) => path) {
  const path = join(temporaryFolder(t), 'pages.db')
  const db = openDatabase(path)
  const reader = readerOf(db)
  if (!reader) throw new Error('a file has a reader')
  await sql`create table pages (content blob)`.execute(db)
  await sql`pragma wal_checkpoint(truncate)`.execute(db)
  await sql`pragma wal_autocheckpoint=0`.execute(db)
  const seen = { holds: 0, reports: [] as string[] }
  const checkpoints = new Checkpoints({
    path: place(path),
    sizes: { checkpoint: 20, most: 40 },
    reader,
    holdWriters: async (work) => {
      const outcome = await work()
      seen.holds++
      return outcome
    },
    report: (error) => seen.reports.push(codeOf(error))
  })
  t.teardown(async () => {
    await checkpoints.close()
    await db.destroy()
  })
  return {
    checkpoints,
    seen,
    /** Writes a few more than so many pages, and lets the checkpoints look. */
    grow: async (pages: number) => {
      await sql`insert into pages values (zeroblob(${pages * 4_096}))`.execute(db)
      checkpoints.look()
    },
    /** Somebody who reads until they are told to end. */
    read: () => {
      const other = new Sqlite(path, { readonly: true })
      other.exec('begin; select count(*) from pages')
      return () => other.close()
    }
  }
}

test('a log is brought into its file when it has grown, once at a time', async (t) => {
  const { checkpoints, seen, grow } = await prepare(t)
  await grow(10)
  await turnOver()
  t.same([seen.holds, checkpoints.isFull], [0, false])
  await grow(20)
  checkpoints.look()
  await checkpoints.close()
  t.same(seen, { holds: 1, reports: [] })
  await grow(60)
  await turnOver()
  t.equal(seen.holds, 1, 'none begins after the end')
  t.equal(checkpoints.isFull, true)
})

test('what is in the file already does not count', async (t) => {
  const { checkpoints, seen, grow } = await prepare(t)
  await grow(30)
  await until(() => seen.holds === 1)
  await turnOver()
  checkpoints.look()
  await grow(5)
  await checkpoints.close()
  t.equal(seen.holds, 1)
})

test('a log is full while somebody reads, and is tried again until they have ended', async (t) => {
  const { checkpoints, seen, grow, read } = await prepare(t)
  await grow(5)
  const end = read()
  await grow(45)
  t.ok(checkpoints.isFull)
  await until(() => seen.holds === 1)
  end()
  await until(() => !checkpoints.isFull)
  t.same(seen, { holds: 2, reports: [] })
})

test('the end waits for no reader', async (t) => {
  const { checkpoints, seen, grow, read } = await prepare(t)
  const end = read()
  await grow(45)
  await until(() => seen.holds === 1)
  await turnOver()
  await checkpoints.close()
  t.equal(seen.holds, 1)
  end()
})

test('a checkpoint that fails is told, and tried again', async (t) => {
  const { seen, grow } = await prepare(t, (path) => `${path}.missing`)
  await grow(30)
  await until(() => seen.reports.length === 2)
  t.same(seen, { holds: 0, reports: ['SQLITE_CANTOPEN', 'SQLITE_CANTOPEN'] })
})
