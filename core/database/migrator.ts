import type { Migration } from 'kysely/migration'
import type { Db } from './database.ts'
import { appliedMigrations, migrationStep, recordsOf } from './migration-steps.ts'
import { loadMigrations, migrationFolder } from './migrations.ts'

type Migrations = ReadonlyMap<string, Migration>

const pendingOf = (migrations: Migrations, applied: string[]) =>
  [...migrations.keys()].filter((name) => !applied.includes(name))

/** An error for whoever runs the service: its message says all. */
function refusal(message: string) {
  const error = new Error(message)
  error.stack = message
  return error
}

/** Lets no code work on a database that newer code has changed. @throws what to do then */
function refuseUnknown(migrations: Migrations, applied: string[]) {
  const unknown = applied.filter((name) => !migrations.has(name))
  if (unknown.length === 0) return
  const commands = unknown.toReversed().map((name) => `  npm run migrate -- down ${name}`)
  throw refusal(
    [
      `The database has migrations that are not in migrations/ here: ${unknown.join(', ')}.`,
      'Start the release that has them. To go back to this one, make a backup and take them back with that release first:',
      ...commands
    ].join('\n')
  )
}

/**
 * Applies what is missing in the order of the names, each migration with its record in one transaction; answers the
 * names applied. A builder's own may be dated before or after those that are applied already. Processes that start at
 * once take turns.
 * @throws when the database has migrations that this code has not
 */
export async function migrateUp(db: Db, folder = migrationFolder): Promise<string[]> {
  const migrations = await loadMigrations(folder)
  const names: string[] = []
  let applied = await appliedMigrations(db)
  refuseUnknown(migrations, applied)
  // Whoever finds nothing missing writes nothing: a server that only reads may be started on.
  while (pendingOf(migrations, applied).length > 0) {
    applied = await migrationStep(db, async (tx, before) => {
      refuseUnknown(migrations, before)
      const [name] = pendingOf(migrations, before)
      if (name === undefined) return before
      await migrations.get(name)?.up(tx)
      await recordsOf(tx)
        .insertInto('kysely_migration')
        .values({ name, timestamp: new Date().toISOString() })
        .execute()
      names.push(name)
      return [...before, name]
    })
  }
  return names
}

/**
 * Takes a migration back, the one that was applied last unless it is named; answers its name, or undefined when none is
 * applied.
 * @throws when the name is not one that is applied, or this code cannot take it back
 */
export async function migrateDown(db: Db, wanted?: string, folder = migrationFolder) {
  const migrations = await loadMigrations(folder)
  return migrationStep(db, async (tx, applied) => {
    const name = wanted ?? applied.at(-1)
    if (name === undefined) return undefined
    if (!applied.includes(name)) throw refusal(`The migration ${name} is not applied.`)
    const migration = migrations.get(name)
    if (!migration?.down)
      throw refusal(
        `The migration ${name} cannot be taken back here: migrations/ has no function down for it.`
      )
    await migration.down(tx)
    await recordsOf(tx).deleteFrom('kysely_migration').where('name', '=', name).execute()
    return name
  })
}

/** The names of the migrations that this code has and the database has not. */
export async function pendingMigrations(db: Db, folder = migrationFolder): Promise<string[]> {
  return pendingOf(await loadMigrations(folder), await appliedMigrations(db))
}

/** Makes what answers the same again and again, without looking for this code's migrations each time. */
export async function pendingWatch(db: Db): Promise<() => Promise<string[]>> {
  const migrations = await loadMigrations(migrationFolder)
  return async () => pendingOf(migrations, await appliedMigrations(db))
}
