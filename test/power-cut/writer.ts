/**
 * Sixteen at once commit numbers into a file in the folder that is named, until its log has begun anew a few times, and
 * note each that they were answered.
 */
import { sql } from 'kysely'
import { openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { openDatabase, readerOf } from '../../core/database/open.ts'
import { commitInGroups, logOf } from '../../core/database/sqlite-log.ts'
import { write } from '../../core/database/transaction.ts'

const [folder = ''] = process.argv.slice(2)
const file = join(folder, 'numbers.db')
const db = openDatabase(`file:${file}`)
await sql`create table numbers (number integer primary key, ballast blob)`.execute(db)
await commitInGroups(db, file, {
  report: (error) => console.error(error),
  sizes: { checkpoint: 100, most: 1_000_000 }
})
const answers = openSync(join(folder, 'answers'), 'a')
const measure = readerOf(db)?.prepare<{ log: number }>('pragma wal_checkpoint(noop)')
let last = 0
let pages = 0
let restarts = 0
const client = async () => {
  while (last < 400 || restarts < 5) {
    const number = ++last
    await write(db, (tx) =>
      sql`insert into numbers values (${number}, randomblob(${(number * 37) % 3_000}))`.execute(tx)
    )
    writeSync(answers, `${number}\n`)
    const before = pages
    pages = measure?.([])[0]?.log ?? 0
    if (pages < before) restarts++
  }
}
await Promise.all(Array.from({ length: 16 }, client))
await logOf(db)?.close()
await db.destroy()
