import { setTimeout } from 'node:timers/promises'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { launchServer, startServer, temporaryFolder } from '../process.ts'
import { until } from '../until.ts'

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

test('when SHUTDOWN_DELAY is over it stops by itself, also a cluster', async (t) => {
  for (const script of ['start', 'start:cluster'] as const) {
    const server = await startServer(t, { script, env: { SHUTDOWN_DELAY: '200ms', WORKERS: '1' } })
    t.same(await server.stop(), { code: 0, signal: null })
    t.match(server.output(), script === 'start' ? 'stopping in 0.2 s' : 'stopping in 1 s')
    await t.rejects(fetch(`${server.url}/health/live`))
  }
})

test('a signal to all processes of a cluster cuts off no answer, though it reaches each twice', async (t) => {
  const server = await startServer(t, { script: 'start:cluster', env: { WORKERS: '2', BCRYPT_COST: '12' } })
  const signIn = async (username: string) => {
    const body = JSON.stringify({ username, password: 'wrong' })
    const headers = { 'content-type': 'application/json' }
    return (await fetch(`${server.url}/login`, { method: 'POST', headers, body })).status
  }
  await until(() => server.output().match(/Server listening/g)?.length === 2)
  const answers = ['ada', 'bob', 'eve'].map(signIn)
  await fetch(`${server.url}/health/live`)
  const processes = [...server.output().matchAll(/"pid":(\d+)/g)].map(([, pid]) => Number(pid))
  for (const pid of new Set([server.child.pid ?? 0, ...processes])) process.kill(pid, 'SIGTERM')
  t.same(await server.exited, { code: 0, signal: null })
  t.same(await Promise.all(answers), [401, 401, 401])
})

test('an idle connection is kept for KEEP_ALIVE_TIMEOUT', async (t) => {
  const server = await startServer(t, { env: { KEEP_ALIVE_TIMEOUT: '15m' } })
  const { headers } = await fetch(`${server.url}/health/live`)
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
