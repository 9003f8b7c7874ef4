import type { Migration } from 'kysely/migration'
import { readdir } from 'node:fs/promises'

/** Where the migrations of this code are, a builder's own among them. */
export const migrationFolder = new URL('../../migrations/', import.meta.url)

const isMigration = (module: unknown): module is Migration =>
  typeof module === 'object' && module !== null && 'up' in module && typeof module.up === 'function'

/**
 * The migrations in a folder by name, in the order of their names. They are imported by URL: in a path `#`, `?` and
 * `%` mean something else, and the drive of Windows looks like a scheme.
 * @throws for a file that is no migration.
 */
export async function loadMigrations(folder: URL): Promise<Map<string, Migration>> {
  const migrations = new Map<string, Migration>()
  for (const file of (await readdir(folder)).sort()) {
    if (!/(?<!\.d)\.[cm]?[jt]s$/.test(file)) continue
    const module: unknown = await import(new URL(encodeURIComponent(file), folder).href)
    if (!isMigration(module)) throw new Error(`migrations/${file} exports no function up`)
    migrations.set(file.replace(/\.\w+$/, ''), module)
  }
  return migrations
}
