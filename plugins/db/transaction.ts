import type { Kysely, Transaction } from 'kysely'
import { setTimeout } from 'node:timers/promises'
import type { Database } from '../../schemas/database.ts'
import { databaseProblem, isBusy } from './failures.ts'

/** Where a query runs: the database, or the transaction that is open on it. */
export type Db = Kysely<Database>
export type Tx = Transaction<Database>

const patience = 5_000
/** Longest pause between two tries; a random part of it keeps those that collided from colliding again. */
const pause = 50

/**
 * Runs `work` as one serializable transaction and answers what it answers; when this resolves, the change is on
 * the disk. Whatever `work` reads stays true until it commits, also among several processes: `work` runs again,
 * from its beginning, when another transaction or lock was in the way. Inside, use `tx` alone (`db` would wait for
 * ever) and let the errors of queries pass.
 * @throws DatabaseBusy after five seconds, StorageFull when the disk refuses; nothing was changed then.
 * DatabaseUnreachable when the connection broke.
 */
export async function write<T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> {
  const deadline = Date.now() + patience
  for (;;) {
    try {
      return await db.transaction().setIsolationLevel('serializable').execute(work)
    } catch (error) {
      if (!isBusy(error) || Date.now() >= deadline) throw databaseProblem(error) ?? error
      await setTimeout(Math.random() * pause)
    }
  }
}
