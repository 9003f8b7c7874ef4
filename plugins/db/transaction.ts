import type { Kysely, Transaction } from 'kysely'
import { setTimeout } from 'node:timers/promises'
import type { Database } from '../../schemas/database.ts'
import { DatabaseBusy, isBusy, isStorageFull, StorageFull } from './failures.ts'

/** Where a query runs: the database, or the transaction that is open on it. */
export type Db = Kysely<Database>
export type Tx = Transaction<Database>

const patience = 5_000
const pause = 25

/**
 * Runs `work` as one transaction and answers what it answers; when this resolves, the change is on the disk.
 * Waits for another process's lock without holding up this one. Inside, use `tx` alone: `db` would wait for ever.
 * @throws DatabaseBusy after five seconds, StorageFull when the disk refuses; nothing was changed then.
 */
export async function write<T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> {
  const deadline = Date.now() + patience
  for (;;) {
    try {
      return await db.transaction().execute(work)
    } catch (error) {
      if (isStorageFull(error))
        throw new StorageFull().with({ cause: error, headers: { 'retry-after': '60' } })
      if (!isBusy(error)) throw error
      if (Date.now() >= deadline)
        throw new DatabaseBusy().with({ cause: error, headers: { 'retry-after': '1' } })
      await setTimeout(pause)
    }
  }
}
