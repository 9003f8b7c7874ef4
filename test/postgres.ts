import { spawnSync } from 'node:child_process'
import { migrateUp } from '../core/database/migrator.ts'
import { openDatabase } from '../core/database/open.ts'
import { administer, onServer } from './database.ts'
import { argumentsOf } from './process.ts'

// Runs the suite on PostgreSQL: every test makes and drops a database of its own on this server,
// most of them as a copy of one that has been migrated.
const server = process.env['TEST_DATABASE_URL'] || 'postgres://postgres@127.0.0.1:5432/postgres'

/** What has no database, a SQLite file of its own whatever the server, or asks the API alone: `npm test` has run it, and it would be the same. */
const elsewhere = `
access all/console architecture build-guide deploy documentation exposed passkeys power-cut readme reporter run start bin/backup
contract/changes contract/clients contract/conformance contract/document
core/address core/analytics core/cache core/checkpoints core/database-failures core/database-turns core/identity-cache
core/instant core/limits core/mail-address core/sign-in-answers core/throttle-policies core/tokens core/usernames
plugins/answers plugins/cache plugins/config plugins/console plugins/errors plugins/foreign-errors plugins/full-disk
plugins/headers plugins/keys plugins/limits plugins/passwords plugins/pipeline plugins/redis plugins/redis-usable
plugins/sqlite-log plugins/tokens routes/refresh-cookie
server/addresses server/cluster server/forked server/load server/log server/observability server/prefix server/races
server/serializers server/stopping server/unrouted
`
  .trim()
  .split(/\s+/)
  .map((name) => `${name}.test.ts`)

try {
  await administer(server, 'select 1')
} catch (error) {
  const { message } = error as Error
  console.error(`No PostgreSQL server to test on (TEST_DATABASE_URL): ${message}`)
  // On a workstation the suite is skipped; where it has to run, its absence is a failure.
  process.exit(process.env['CI'] ? 1 : 0)
}

const template = `gatehouse_template_${process.pid}`
await administer(server, `create database ${template}`)
try {
  const db = openDatabase(onServer(server, template))
  await migrateUp(db)
  await db.destroy()
  const { status } = spawnSync(
    process.execPath,
    // One more at once than on SQLite: much of the time is the server's.
    [
      ...argumentsOf('tap'),
      '--jobs=3',
      ...elsewhere.map((file) => `--exclude=test/${file}`),
      ...process.argv.slice(2)
    ],
    {
      stdio: 'inherit',
      env: {
        ...process.env,
        TEST_DATABASE_URL: server,
        TEST_DATABASE_TEMPLATE: template,
        TEST_WITHOUT: elsewhere.join(' ')
      }
    }
  )
  process.exitCode = status ?? 1
} finally {
  await administer(server, `drop database ${template}`)
}
