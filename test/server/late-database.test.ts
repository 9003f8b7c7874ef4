import { setTimeout } from 'node:timers/promises'
import { test } from 'tap'
import { openDatabase } from '../../core/database/open.ts'
import { whenReachable } from '../../core/database/wait.ts'
import { postgresServer, scratchPostgres } from '../database.ts'
import { announced, freePort, launchServer } from '../process.ts'
import { startProxy } from '../proxy.ts'

const onPostgres = postgresServer === undefined && { skip: 'TEST_DATABASE_URL names no PostgreSQL server' }

test(
  'a start waits for a PostgreSQL that comes late, says so, and is measured meanwhile',
  { ...onPostgres },
  async (t) => {
    const proxy = await startProxy(t, await scratchPostgres(t, postgresServer ?? ''))
    proxy.cut()
    const metrics = await freePort()
    const env = { DATABASE_URL: proxy.url, METRICS_PORT: String(metrics) }
    const server = launchServer(t, { env })
    while (server.output().split('cannot be reached yet').length < 3) await setTimeout(20)
    t.equal((await fetch(`http://127.0.0.1:${metrics}/metrics`)).status, 200)
    await proxy.mend()
    const { url } = await announced(server)
    t.equal((await fetch(`${url}/health/ready`)).status, 200)
    t.same(await server.stop(), { code: 0, signal: null })
  }
)

test('a database that never comes, or that waiting does not mend, ends the start with what is wrong', async (t) => {
  const nobody = openDatabase(`postgres://nobody@127.0.0.1:${await freePort()}/none`)
  t.teardown(() => nobody.destroy())
  const told: string[] = []
  await t.rejects(
    whenReachable(nobody, (reason) => told.push(reason), 1_000),
    { code: 'ECONNREFUSED' }
  )
  t.ok(told.length > 0 && told.every((reason) => reason.includes('ECONNREFUSED')))

  if (postgresServer === undefined) return
  const url = new URL(postgresServer)
  url.pathname = 'there_is_no_such_database'
  const wrong = openDatabase(url.href)
  t.teardown(() => wrong.destroy())
  await t.rejects(
    whenReachable(wrong, (reason) => told.push(reason)),
    { code: '3D000' }
  )
  t.ok(
    told.every((reason) => reason.includes('ECONNREFUSED')),
    'it is not tried again'
  )
})
