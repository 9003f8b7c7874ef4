import type { Kysely, Transaction } from 'kysely'
import { setTimeout as startTimer } from 'node:timers'
import { setTimeout } from 'node:timers/promises'
import type { Database } from '../../schemas/database.ts'
import { DatabaseBusy, databaseProblem, isBusy } from './failures.ts'

/** Where a query runs: the database, or the transaction that is open on it. */
export type Db = Kysely<Database>
export type Tx = Transaction<Database>

/** How long a transaction is tried, and the longest pause between two tries, in milliseconds. */
const patience = 5_000
const pause = 50

/**
 * The last write of this process, by database. They take turns: SQLite has one writer anyway, and in PostgreSQL
 * serializable transactions that run at once mostly make each other start again.
 */
const turns = new WeakMap<Db, Promise<unknown>>()

/** Waits for the turn before, but no longer than to the deadline. */
const turnCame = (before: Promise<unknown>, deadline: number) =>
  new Promise<void>((resolve) => {
    const timer = startTimer(resolve, deadline - Date.now())
    void before.then(() => {
      clearTimeout(timer)
      resolve()
    })
  })

/** Runs `attempt` until no other process is in the way, or the time is over. */
async function persist<T>(attempt: () => Promise<T>, deadline: number): Promise<T> {
  for (;;) {
    if (Date.now() >= deadline) throw new DatabaseBusy().with({ headers: { 'retry-after': '1' } })
    try {
      return await attempt()
    } catch (error) {
      if (!isBusy(error) || Date.now() >= deadline) throw databaseProblem(error) ?? error
      await setTimeout(Math.random() * pause)
    }
  }
}

/**
 * Runs `work` as one serializable transaction and answers what it answers; when this resolves, the change is on
 * the disk. Whatever `work` reads stays true until it commits, also among several processes: `work` runs again,
 * from its beginning, when another transaction or lock was in the way. Inside, use `tx` alone (`db` would wait for
 * ever) and let the errors of queries pass.
 * @throws DatabaseBusy after five seconds, StorageFull when the disk refuses; nothing was changed then.
 * DatabaseUnreachable when the connection broke.
 */
export function write<T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> {
  const deadline = Date.now() + patience
  const attempt = () => db.transaction().setIsolationLevel('serializable').execute(work)
  const before = turns.get(db) ?? Promise.resolve()
  const turn = turnCame(before, deadline).then(() => persist(attempt, deadline))
  // One that has given up waiting does not let the next one in.
  turns.set(db, Promise.allSettled([before, turn]))
  return turn
}
