import { setTimeout } from 'node:timers/promises'
import { databaseBusy, databaseProblem, isBusy } from './failures.ts'

/** How long a write is tried, in milliseconds. */
export const patience = 5_000

/** The longest pause between two tries, in milliseconds. */
const pause = 50

/**
 * Runs `attempt` until no other transaction or lock is in the way, or the deadline has passed.
 * @throws DatabaseBusy at the deadline, or the problem that the database's failure is to a caller.
 */
export async function persist<T>(attempt: () => Promise<T>, deadline: number): Promise<T> {
  for (;;) {
    if (performance.now() >= deadline) throw databaseBusy()
    try {
      return await attempt()
    } catch (error) {
      if (!isBusy(error) || performance.now() >= deadline) throw databaseProblem(error) ?? error
      await setTimeout(Math.random() * pause)
    }
  }
}
