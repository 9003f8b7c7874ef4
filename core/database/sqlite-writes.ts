import type { Db, Tx } from './database.ts'
import { patience, persist } from './persist.ts'
import { logOf } from './sqlite-log.ts'
import { takeTurn } from './turns.ts'

/**
 * Runs `work` as one transaction of SQLite, which has one writer: the writes of this process take turns. Whoever has
 * committed makes room for the next, and waits for the disk with it.
 */
export async function commitToSqlite<T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> {
  const deadline = performance.now() + patience
  const log = logOf(db)
  const attempt = async () => {
    log?.admit()
    try {
      return await db.transaction().execute(work)
    } catch (error) {
      log?.hear(error)
      throw error
    }
  }
  const answer = await takeTurn(db, () => persist(attempt, deadline), deadline)
  await log?.settle(deadline)
  return answer
}
