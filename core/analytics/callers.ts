import { sql } from 'kysely'
import type { Db } from '../database/database.ts'
import { write } from '../database/transaction.ts'
import { beginOf, lengths } from './flush.ts'

/** So many of an hour are kept when it is over, and so many while it runs: who comes up late may be among them. */
const kept = 50
const keptMeanwhile = 200

/** Forgets the callers of an hour who are not among the busiest: whoever comes from ever other networks fills no disk. */
export async function forgetIdleCallers(db: Db, now: number) {
  const hours = [
    { hour: beginOf(now - lengths.hour, 'hour'), most: kept },
    { hour: beginOf(now, 'hour'), most: keptMeanwhile }
  ]
  for (const { hour, most } of hours) {
    const busiest = sql`select caller from callers where hour = ${hour} order by count desc, caller limit ${most}`
    await write(db, (tx) =>
      sql`delete from callers where hour = ${hour} and caller not in (${busiest})`.execute(tx)
    )
  }
}
