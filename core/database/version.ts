import { sql } from 'kysely'
import { isPostgres } from './backend.ts'
import type { Db } from './database.ts'

/**
 * A value for comparing: two equal ones mean that in between nobody but this process has changed the database.
 * SQLite counts that itself; of PostgreSQL it cannot be asked, so there no two are equal.
 */
export async function foreignChanges(db: Db): Promise<unknown> {
  if (isPostgres(db)) return Symbol()
  const { rows } = await sql<{ data_version: number }>`pragma data_version`.execute(db)
  return rows[0]?.data_version
}
