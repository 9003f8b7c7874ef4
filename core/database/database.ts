import type { Kysely, Transaction } from 'kysely'
import type { Database } from '../../schemas/database.ts'

/** Where a query runs: the database, or the transaction that is open on it. */
export type Db = Kysely<Database>
export type Tx = Transaction<Database>
