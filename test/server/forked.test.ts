import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { request, type IncomingMessage } from 'node:http'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { test, type Test } from 'tap'
import { build as buildApp } from '../helper.ts'
import { announced, build, freePort, root, run, temporaryFolder } from '../process.ts'
import { until } from '../until.ts'

/** What PM2 and others do: fork a server by node:cluster, on one port, and nothing else; here one more at each SIGHUP. */
const manager = `
  import cluster from 'node:cluster'
  const [exec, app, metrics] = process.argv.slice(2)
  cluster.setupPrimary({ exec, args: ['--address', '127.0.0.1', '--log-level', 'info', '--options', app] })
  cluster.on('exit', (worker, code) => console.log('process', worker.id, 'ended with', code))
  const measured = () => cluster.fork({ METRICS_PORT: metrics })
  cluster.once('listening', () => cluster.fork())
  process.on('SIGHUP', measured)
  process.on('SIGTERM', () => { for (const worker of Object.values(cluster.workers)) worker.process.kill(); process.exit(0) })
  measured()`

function startManager(t: Test, metrics: number) {
  build()
  const exec = createRequire(join(root, 'package.json')).resolve('fastify-cli/start.js')
  const cwd = temporaryFolder(t)
  const file = join(cwd, 'manager.mjs')
  writeFileSync(file, manager)
  const args = [file, exec, join(root, 'dist/app.js'), String(metrics)]
  return run(t, process.execPath, args, { cwd, env: { PORT: '0', BCRYPT_COST: '4' } })
}

/** One request on a connection of its own, so that the processes take turns. */
async function get(url: string, token: string) {
  const asked = request(url, { agent: false, headers: { authorization: `Bearer ${token}` } }).end()
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  return text(response)
}

test('processes that another program forks', { timeout: 60_000 }, async (t) => {
  const metrics = await freePort()
  const server = await announced(startManager(t, metrics))
  const { url } = server
  await until(() => server.output().split('Gatehouse API').length === 3)

  await t.test('agree within a second or two', async (t) => {
    const json = { 'content-type': 'application/json' }
    const login = await fetch(`${url}/login`, {
      method: 'POST',
      headers: json,
      body: JSON.stringify({ username: 'admin', password: 'password123' })
    })
    const { access_token } = (await login.json()) as { access_token: string }
    const lists = async () => Promise.all([1, 2, 3, 4].map(() => get(`${url}/users`, access_token)))
    await lists()
    const made = await fetch(`${url}/users`, {
      method: 'POST',
      headers: { ...json, authorization: `Bearer ${access_token}` },
      body: JSON.stringify({ username: 'newcomer', password: 'correct horse battery', role: 'user' })
    })
    t.equal(made.status, 201)
    // Long before what was kept expires.
    await until(async () => (await lists()).every((list) => list.includes('newcomer')))
  })

  await t.test('need a port for metrics each', async (t) => {
    server.child.kill('SIGHUP')
    await until(() => server.output().includes('process 3 ended with 1'))
    t.match(server.output(), `METRICS_PORT=${metrics} is taken`)
    t.match(server.output(), 'increment_var')
    t.equal((await fetch(`http://127.0.0.1:${metrics}/metrics`)).status, 200)
  })
})

test('two instances on one SQLite file, without Redis, agree within a second or two', async (t) => {
  const env = { DATABASE_URL: `file:${join(temporaryFolder(t), 'shared.db')}` }
  const [first, second] = [await buildApp(t, env), await buildApp(t, env)]
  const headers = await first.as('admin')
  const list = () => second.app.inject({ url: '/users', headers })
  await list()
  t.match((await list()).headers['cache-status'], 'hit')
  const payload = { username: 'newcomer', password: 'correct horse battery', role: 'user' }
  t.equal((await first.app.inject({ method: 'POST', url: '/users', headers, payload })).statusCode, 201)
  while (!(await list()).body.includes('newcomer')) await setTimeout(50)
  t.pass('the test ends before what was kept would')
})
