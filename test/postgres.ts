import { spawnSync } from 'node:child_process'
import { migrateUp } from '../core/database/migrator.ts'
import { openDatabase } from '../core/database/open.ts'
import { administer, onServer } from './database.ts'
import { argumentsOf } from './process.ts'

// Runs the suite on PostgreSQL: every test makes and drops a database of its own on this server,
// most of them as a copy of one that has been migrated.
const server = process.env['TEST_DATABASE_URL'] || 'postgres://postgres@127.0.0.1:5432/postgres'

/** What has no database, a SQLite file of its own whatever the server, or asks the API alone: `npm test` has run it, and it would be the same. */
const elsewhere = [
  'test/{architecture,build-guide,console,deploy,documentation,exposed,passkeys,power-cut,readme,run,start}.test.ts',
  'test/bin/backup.test.ts',
  'test/contract/{changes,clients,document}.test.ts',
  'test/plugins/{answers,cache,config,console,errors,foreign-errors,full-disk,headers,keys,limits}.test.ts',
  'test/plugins/{passwords,pipeline,redis,redis-usable,sqlite-log,tokens}.test.ts',
  'test/routes/refresh-cookie.test.ts',
  'test/server/{addresses,cluster,forked,load,observability,prefix,races,stopping,unrouted}.test.ts'
]

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
    [...argumentsOf('tap'), ...elsewhere.map((files) => `--exclude=${files}`), ...process.argv.slice(2)],
    {
      stdio: 'inherit',
      env: { ...process.env, TEST_DATABASE_URL: server, TEST_DATABASE_TEMPLATE: template }
    }
  )
  process.exitCode = status ?? 1
} finally {
  await administer(server, `drop database ${template}`)
}
