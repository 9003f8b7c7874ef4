import { setImmediate } from 'node:timers/promises'
import type { Db } from './database.ts'
import { databaseBusy } from './failures.ts'
import { inTime } from './in-time.ts'

/** The last write of this process, by database. */
const turns = new WeakMap<Db, Promise<unknown>>()

/**
 * Runs `work` when the writes before it are over. Between two of them the event loop turns: what has been asked meanwhile
 * is answered. @throws DatabaseBusy when its turn has not come by the deadline: then it never runs
 */
export function takeTurn<T>(db: Db, work: () => Promise<T>, deadline: number): Promise<T> {
  const before = turns.get(db) ?? Promise.resolve()
  const run = async () => {
    // No clock is asked once more: a timer may fire before its time, and then this one would go ahead of the others.
    if (!(await inTime(before, deadline))) throw databaseBusy()
    await setImmediate()
    return work()
  }
  const turn = run()
  // One that has given up waiting does not let the next one in. What they answered is not kept.
  const over = Promise.allSettled([before, turn]).then(() => undefined)
  turns.set(db, over)
  return turn
}
