import { sql } from 'kysely'
import { setTimeout } from 'node:timers/promises'
import { isPostgres } from './backend.ts'
import type { Db, Tx } from './database.ts'
import { isBusy } from './failures.ts'
import { decideAlone } from './locks.ts'

/** How long a step is tried while another process is in the way, in milliseconds. */
const patience = 60_000

/** What has been applied. The table is the one that Kysely's own migrator makes. */
type Records = { kysely_migration: { name: string; timestamp: string } }

/** The database with its record of migrations. */
export const recordsOf = (db: Db) => db.$extendTables<Records>()

/** Whether a migration was ever applied here: in PostgreSQL another service may have tables in another schema. */
async function hasRecords(db: Db): Promise<boolean> {
  const query = isPostgres(db)
    ? sql`select from pg_tables where schemaname = current_schema() and tablename = 'kysely_migration'`
    : sql`select 1 from sqlite_master where type = 'table' and name = 'kysely_migration'`
  return (await query.execute(db)).rows.length > 0
}

/** The names of the migrations that have been applied, in the order in which they were. */
export async function appliedMigrations(db: Db): Promise<string[]> {
  if (!(await hasRecords(db))) return []
  const query = recordsOf(db).selectFrom('kysely_migration').select('name')
  const rows = await query.orderBy('timestamp').orderBy('name').execute()
  return rows.map(({ name }) => name)
}

/** Waits for whoever migrates already, however long that takes, and makes the table of records. */
async function begin(tx: Tx) {
  if (isPostgres(tx)) await sql`set local lock_timeout = 0`.execute(tx)
  await decideAlone(tx, 'migrations')
  // A change of a table that waits for a reader holds up all who come after it.
  if (isPostgres(tx)) await sql`set local lock_timeout = '5s'`.execute(tx)
  await tx.schema
    .createTable('kysely_migration')
    .ifNotExists()
    .addColumn('name', 'varchar(255)', (column) => column.notNull().primaryKey())
    .addColumn('timestamp', 'varchar(255)', (column) => column.notNull())
    .execute()
}

/**
 * Runs one step of a migration as one transaction, with the names of what has been applied; `run` runs again when
 * another process was in the way. No two processes are in a step at once.
 */
export async function migrationStep<T>(db: Db, run: (tx: Tx, applied: string[]) => Promise<T>): Promise<T> {
  const deadline = performance.now() + patience
  for (;;) {
    try {
      return await db.transaction().execute(async (tx) => {
        await begin(tx)
        return run(tx, await appliedMigrations(tx))
      })
    } catch (error) {
      if (!isBusy(error) || performance.now() >= deadline) throw error
      await setTimeout(50)
    }
  }
}
