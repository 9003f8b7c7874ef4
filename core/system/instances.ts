import { hostname } from 'node:os'
import type { Db } from '../database/database.ts'
import { write } from '../database/transaction.ts'

/** A process counts as alive so long after its last sign, in milliseconds: clocks of several machines differ by less. */
export const livesFor = 60_000

/** So many are listed at most. */
const mostInstances = 1_000

/** This process, as people know it. */
export const thisProcess = {
  process_id: process.pid,
  host: hostname(),
  started_at: new Date(performance.timeOrigin).toISOString()
}

interface Instance {
  id: string
  version: string
}

/** Says that this process lives, under this id. */
export async function giveSign(db: Db, { id, version }: Instance) {
  const seen_at = new Date().toISOString()
  await write(db, (tx) =>
    tx
      .insertInto('instances')
      .values({ id, version, ...thisProcess, seen_at })
      .onConflict((conflict) => conflict.column('id').doUpdateSet({ seen_at }))
      .execute()
  )
}

/** Says that this process ends. */
export async function takeLeave(db: Db, id: string) {
  await write(db, (tx) => tx.deleteFrom('instances').where('id', '=', id).execute())
}

/** The processes that serve on this database at an instant, in milliseconds; the oldest first. */
export const listInstances = (db: Db, now = Date.now()) =>
  db
    .selectFrom('instances')
    .selectAll()
    .where('seen_at', '>', new Date(now - livesFor).toISOString())
    .orderBy('started_at')
    .orderBy('id')
    .limit(mostInstances)
    .execute()
