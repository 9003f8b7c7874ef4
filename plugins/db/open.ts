import { Kysely } from 'kysely'
import type { Database } from '../../schemas/database.ts'
import { sqliteDialect } from './sqlite.ts'
import type { Db } from './transaction.ts'

/** Opens the database that a DATABASE_URL names: `file:PATH` or `:memory:`. Creates the file where there is none. */
export function openDatabase(url: string): Db {
  return new Kysely<Database>({ dialect: sqliteDialect(url.replace(/^file:/, '')) })
}
