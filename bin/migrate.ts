/** Migrates the database of DATABASE_URL by hand: `npm run migrate` applies all that is missing, `npm run migrate -- down` takes the last back, `npm run migrate -- down NAME` the one of this name. */
import { processEnvironment } from '../core/config/env-file.ts'
import { loadConfig } from '../core/config/load.ts'
import { migrateDown, migrateUp } from '../core/database/migrator.ts'
import { openDatabase } from '../core/database/open.ts'
import type { Db } from '../core/database/database.ts'

const directions: Record<string, (db: Db, name?: string) => Promise<string>> = {
  up: async (db) => {
    const applied = await migrateUp(db)
    return applied.length > 0
      ? `applied ${applied.join(', ')}`
      : 'nothing to apply: the database is up to date'
  },
  down: async (db, wanted) => {
    const name = await migrateDown(db, wanted)
    return name === undefined ? 'nothing to take back: no migration is applied' : `took back ${name}`
  }
}

/** Runs one direction; answers the exit code. */
async function main([direction = 'up', name, ...rest]: string[]): Promise<number> {
  const migrate = directions[direction]
  if (!migrate || rest.length > 0 || (name !== undefined && direction !== 'down')) {
    console.error('Usage: npm run migrate [-- up | down [NAME]]')
    return 2
  }
  // Only the database matters here: what else the server needs may be unset.
  const { DATABASE_URL } = loadConfig({ DATABASE_URL: processEnvironment()['DATABASE_URL'] })
  const db = openDatabase(DATABASE_URL, { longestStatement: 0 })
  try {
    console.log(await migrate(db, name))
    return 0
  } finally {
    await db.destroy()
  }
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
