/** Migrates the database of DATABASE_URL by hand: `npm run migrate` applies all that is missing, `npm run migrate -- down` takes the newest back. */
import './env.ts'
import { loadConfig } from '../plugins/config.ts'
import { migrateDown, migrateUp } from '../plugins/db/migrator.ts'
import { openDatabase } from '../plugins/db/open.ts'
import type { Db } from '../plugins/db/transaction.ts'

const directions: Record<string, (db: Db) => Promise<string>> = {
  up: async (db) => {
    const applied = await migrateUp(db)
    return applied.length > 0
      ? `applied ${applied.join(', ')}`
      : 'nothing to apply: the database is up to date'
  },
  down: async (db) => {
    const name = await migrateDown(db)
    return name === undefined ? 'nothing to take back: no migration is applied' : `took back ${name}`
  }
}

/** Runs one direction; answers the exit code. */
async function main([direction = 'up', ...rest]: string[]): Promise<number> {
  const migrate = directions[direction]
  if (!migrate || rest.length > 0) {
    console.error('Usage: npm run migrate [-- up | down]')
    return 2
  }
  // Only the database matters here: what else the server needs may be unset.
  const { DATABASE_URL } = loadConfig({ DATABASE_URL: process.env['DATABASE_URL'] })
  const db = openDatabase(DATABASE_URL, { longestStatement: 0 })
  try {
    console.log(await migrate(db))
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
