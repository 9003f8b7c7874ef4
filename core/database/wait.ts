import { sql } from 'kysely'
import { setTimeout } from 'node:timers/promises'
import type { Db } from './database.ts'
import { DatabaseBusy, databaseProblem, DatabaseUnreachable } from './failures.ts'

/** How long a start waits for its database, and the longest pause between two tries, in milliseconds. */
const longest = 60_000
const longestPause = 5_000

/**
 * Waits for a database that cannot be reached yet, as when a machine starts; `tell` hears of each try that failed.
 * @throws what was wrong when the time was over, and at once whatever waiting does not mend
 */
export async function whenReachable(db: Db, tell: (reason: string) => void, patience = longest) {
  const deadline = performance.now() + patience
  for (let pause = 500; ; pause = Math.min(2 * pause, longestPause)) {
    try {
      await sql`select 1`.execute(db)
      return
    } catch (error) {
      const left = deadline - performance.now()
      const problem = databaseProblem(error)
      const mayCome = [DatabaseUnreachable, DatabaseBusy].some((kind) => problem instanceof kind)
      if (!mayCome || left <= 0) throw error
      tell(error instanceof Error ? error.message : String(error))
      await setTimeout(Math.min(pause, left))
    }
  }
}
