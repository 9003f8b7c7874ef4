import { spawnSync } from 'node:child_process'
import { administer } from './database.ts'

// Runs the suite on PostgreSQL: every test makes and drops a database of its own on this server.
const server = process.env['TEST_DATABASE_URL'] || 'postgres://postgres@127.0.0.1:5432/postgres'

/** What has no database, or a SQLite file of its own whatever the server: `npm test` has run it, and it would be the same. */
const elsewhere = [
  'test/{documentation,readme,start}.test.ts',
  'test/bin/backup.test.ts',
  'test/contract/{changes,clients,document}.test.ts',
  'test/plugins/config.test.ts',
  'test/server/{cluster,observability,races}.test.ts'
]

try {
  await administer(server, 'select 1')
} catch (error) {
  const { message } = error as Error
  console.error(`No PostgreSQL server to test on (TEST_DATABASE_URL): ${message}`)
  // On a workstation the suite is skipped; where it has to run, its absence is a failure.
  process.exit(process.env['CI'] ? 1 : 0)
}
const { status } = spawnSync(
  'tap',
  [...elsewhere.map((files) => `--exclude=${files}`), ...process.argv.slice(2)],
  {
    stdio: 'inherit',
    env: { ...process.env, TEST_DATABASE_URL: server }
  }
)
process.exit(status ?? 1)
