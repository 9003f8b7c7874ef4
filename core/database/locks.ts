import { sql } from 'kysely'
import { isPostgres } from './backend.ts'
import type { Tx } from './database.ts'

/**
 * Lets one transaction at a time go on from here, of those that decide about the same thing: about many rows at once,
 * or about one that need not be there yet. It ends with the transaction. A single row that is there is locked by
 * `forUpdate` and `forShare` of the query instead. On SQLite neither does anything: whoever writes there is alone.
 */
export async function decideAlone(tx: Tx, thing: string) {
  if (!isPostgres(tx)) return
  // A hash of both: two services may have a schema each in one database.
  await sql`select pg_advisory_xact_lock(hashtextextended(current_schema() || ' ' || ${thing}, 0))`.execute(
    tx
  )
}
