import { FileMigrationProvider, type MigrationResultSet, Migrator } from 'kysely'
import { promises as fs } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { setTimeout } from 'node:timers/promises'
import { isBusy } from './failures.ts'
import type { Db } from './transaction.ts'

const migrationFolder = fileURLToPath(new URL('../../migrations', import.meta.url))
const patience = 60_000

const migratorOf = (db: Db) =>
  new Migrator({ db, provider: new FileMigrationProvider({ fs, path, migrationFolder }) })

/** Runs one step of the migrator; waits while another process holds the lock. Answers the migration's name. */
async function step(run: () => Promise<MigrationResultSet>): Promise<string | undefined> {
  const deadline = Date.now() + patience
  for (;;) {
    const { error, results } = await run()
    if (error === undefined) return results?.[0]?.migrationName
    if (!isBusy(error) || Date.now() >= deadline)
      throw error instanceof Error ? error : new Error('migration failed', { cause: error })
    await setTimeout(50)
  }
}

/**
 * Applies what is missing, each migration with its record in one transaction; answers the names applied.
 * Processes that start at once take turns: each step reads what is applied under the database's lock.
 */
export async function migrateUp(db: Db): Promise<string[]> {
  const applied: string[] = []
  const migrator = migratorOf(db)
  for (;;) {
    const name = await step(() => migrator.migrateUp())
    if (name === undefined) return applied
    applied.push(name)
  }
}

/** Takes the newest migration back; answers its name, or undefined when there is none. */
export const migrateDown = (db: Db) => step(() => migratorOf(db).migrateDown())

/** The names of the migrations that this code has and the database has not. */
export async function pendingMigrations(db: Db): Promise<string[]> {
  const migrations = await migratorOf(db).getMigrations()
  return migrations.filter(({ executedAt }) => executedAt === undefined).map(({ name }) => name)
}
