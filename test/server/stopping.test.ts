import { setTimeout } from 'node:timers/promises'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { build } from '../helper.ts'
import { launchServer, startServer, temporaryFolder } from '../process.ts'

test('for SHUTDOWN_DELAY it serves on and says that it is not ready, and another signal ends the wait', async (t) => {
  const server = await startServer(t, { env: { SHUTDOWN_DELAY: '5m' } })
  t.equal((await fetch(`${server.url}/health/ready`)).status, 200)
  server.child.kill('SIGTERM')
  while ((await fetch(`${server.url}/health/ready`)).status === 200) await setTimeout(10)
  const refusal = await fetch(`${server.url}/health/ready`)
  t.match(await refusal.json(), { code: 'NOT_READY', detail: 'Not ready: it is stopping.' })
  for (let call = 0; call < 3; call++)
    t.equal((await fetch(`${server.url}/health/live`, { headers: { connection: 'close' } })).status, 200)
  t.same(await server.stop(), { code: 0, signal: null })
})

test('an idle connection is kept for KEEP_ALIVE_TIMEOUT', async (t) => {
  const { app } = await build(t, { KEEP_ALIVE_TIMEOUT: '15m' })
  const { headers } = await fetch(`${await app.listen({ port: 0 })}/health/live`)
  t.equal(headers.get('keep-alive'), 'timeout=900')
})

test('a start with a .env that cannot be read as it is meant is refused', async (t) => {
  const cwd = temporaryFolder(t)
  writeFileSync(join(cwd, '.env'), '\ufeffNODE_ENV=production\n')
  for (const script of ['start', 'start:cluster'] as const) {
    const server = launchServer(t, { cwd, script })
    t.equal((await server.exited).code, 1)
    t.match(server.output(), /\.env begins with a byte-order mark/)
  }
})
