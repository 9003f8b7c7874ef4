import { PostgresAdapter } from 'kysely'
import type { Db } from './database.ts'

/** Whether a database, or the transaction that is open on it, is PostgreSQL; otherwise it is SQLite. */
export const isPostgres = (db: Db) => db.getExecutor().adapter instanceof PostgresAdapter
