import { spawnSync } from 'node:child_process'
import { administer } from './database.ts'

// Runs the whole suite on PostgreSQL: every test makes and drops a database of its own on this server.
const server = process.env['TEST_DATABASE_URL'] || 'postgres://postgres@127.0.0.1:5432/postgres'

try {
  await administer(server, 'select 1')
} catch (error) {
  const { message } = error as Error
  console.error(`No PostgreSQL server to test on (TEST_DATABASE_URL): ${message}`)
  // On a workstation the suite is skipped; where it has to run, its absence is a failure.
  process.exit(process.env['CI'] ? 1 : 0)
}
const { status } = spawnSync('tap', process.argv.slice(2), {
  stdio: 'inherit',
  env: { ...process.env, TEST_DATABASE_URL: server }
})
process.exit(status ?? 1)
