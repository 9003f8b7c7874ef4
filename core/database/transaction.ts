import { isPostgres } from './backend.ts'
import type { Db, Tx } from './database.ts'
import { DatabaseUnreachable } from './failures.ts'
import { patience } from './persist.ts'
import { commitToPostgres, statementToPostgres } from './postgres-writes.ts'
import { logOf } from './sqlite-log.ts'
import { commitToSqlite } from './sqlite-writes.ts'
import { announceTouched, collectTouched, type Touched } from '../changes/touched.ts'

/**
 * Waits until all that has been committed so far is on the disk: for whoever answers from what they have read, and
 * promises that it stays. @throws DatabaseUnreachable
 */
export const onDisk = async (db: Db) => {
  await logOf(db)?.settle(performance.now() + patience)
}

/**
 * Runs `work` as one transaction and answers what it answers; when this resolves, the change is on the disk, and
 * whoever remembers what it has touched (touched.ts) has heard of it. On SQLite `work` is alone; on PostgreSQL others
 * write beside it, so it says what has to stay true until it commits: it locks the row that it decides about
 * (`forUpdate`, `forShare`), or changes it on a condition, and for what is about many rows calls decideAlone. Locks are
 * taken in one order: accounts, sessions, roles, then decideAlone. `work` runs again, from its beginning, when another
 * transaction or lock was in the way. Inside, use `tx` alone (`db` would wait for ever) and let the errors of queries pass.
 * @throws DatabaseBusy after five seconds, StorageFull when the disk refuses; nothing was changed then.
 * DatabaseUnreachable when the connection broke, or the disk did not confirm in time: then nobody knows, and what was
 * touched is not trusted either.
 */
export async function write<T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> {
  const commit = isPostgres(db) ? commitToPostgres : commitToSqlite
  let touched: readonly Touched[] = []
  try {
    const answer = await commit(db, (tx) => {
      touched = collectTouched(tx)
      return work(tx)
    })
    announceTouched(db, touched)
    return answer
  } catch (error) {
    if (error instanceof DatabaseUnreachable) announceTouched(db, touched)
    throw error
  }
}

/**
 * The same for a change that is one statement on a condition, and touches nothing that anybody remembers: PostgreSQL is
 * asked once, where a transaction takes three messages.
 * @throws as write does
 */
export const writeOne = <T>(db: Db, statement: (db: Db) => Promise<T>): Promise<T> =>
  isPostgres(db) ? statementToPostgres(db, statement) : write(db, statement)
