import { setTimeout } from 'node:timers/promises'
import type { Db, Tx } from './database.ts'
import { databaseBusy } from './failures.ts'
import { patience, persist } from './persist.ts'

/**
 * Begins a transaction, or gives up at the deadline, when no connection was free. One that begins after that is rolled
 * back at once. Each statement of it sees what has been committed before the statement (read committed).
 */
async function begin(db: Db, deadline: number) {
  const beginning = db.startTransaction().setIsolationLevel('read committed').execute()
  const begun = new AbortController()
  const late = setTimeout(deadline - performance.now(), undefined, { signal: begun.signal }).catch(
    () => undefined
  )
  const tx = await Promise.race([beginning, late])
  begun.abort()
  if (tx) return tx
  beginning.then((tx) => tx.rollback().execute()).catch(() => undefined)
  throw databaseBusy()
}

/**
 * Runs `work` as one transaction of PostgreSQL, side by side with others: `work` locks the rows that it decides about
 * (`forUpdate`, `forShare`, decideAlone), or changes them on a condition.
 */
export function commitToPostgres<T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> {
  const deadline = performance.now() + patience
  return persist(async () => {
    const tx = await begin(db, deadline)
    try {
      const answer = await work(tx)
      await tx.commit().execute()
      return answer
    } catch (error) {
      await tx.rollback().execute()
      throw error
    }
  }, deadline)
}

/** Runs one statement that changes something, and is a transaction by itself: it needs no other message than its own. */
export const statementToPostgres = <T>(db: Db, statement: (db: Db) => Promise<T>): Promise<T> =>
  persist(() => statement(db), performance.now() + patience)
