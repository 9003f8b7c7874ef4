import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { request as send, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { test } from 'tap'
import { freePort, launchServer, type Running, startServer, temporaryFolder } from '../process.ts'
import { until } from '../until.ts'

interface Options {
  method?: string
  token?: string
  json?: unknown
}

/** One request on a connection of its own, so that the processes take turns. */
async function call(url: string, { method = 'GET', token, json }: Options = {}) {
  const request = send(url, {
    method,
    agent: false,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(json !== undefined && { 'content-type': 'application/json' })
    }
  })
  request.end(json === undefined ? undefined : JSON.stringify(json))
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  return { status: response.statusCode, body: await text(response) }
}

/** So many requests, one after the other. */
async function calls(count: number, url: string, options?: Options) {
  const answers = []
  for (let number = 0; number < count; number++) answers.push(await call(url, options))
  return answers
}

/** The processes that have answered requests for this path, by the lines of the log. */
const pids = ({ output }: Running, path: string) => [
  ...new Set(
    output()
      .split('\n')
      .filter((line) => line.includes('"msg":"request"') && line.includes(`"path":"${path}"`))
      .map((line) => (JSON.parse(line) as { pid: number }).pid)
  )
]

test('two processes on one port and one SQLite file are one service', async (t) => {
  const metrics = await freePort()
  const server = await startServer(t, {
    script: 'start:cluster',
    env: { WORKERS: '2', METRICS_PORT: String(metrics), BCRYPT_COST: '11', SHUTDOWN_DELAY: '200ms' }
  })
  const { url } = server
  const { status } = await call(`http://127.0.0.1:${metrics}/metrics`)
  t.ok(status === 200 || status === 503, 'also while one of them starts')
  while (pids(server, '/health/live').length < 2) await calls(2, `${url}/health/live`)
  t.equal(server.output().match(/Gatehouse API/g)?.length, 1, 'and say where they are once')

  const login = async (username: string) => {
    const { body } = await call(`${url}/login`, {
      method: 'POST',
      json: { username, password: 'password123' }
    })
    return (JSON.parse(body) as { access_token: string }).access_token
  }
  const admin = await login('admin')
  let listed = 0

  await t.test('a logout on one counts on the other', async (t) => {
    const token = await login('user')
    t.ok((await calls(6, `${url}/protected`, { token })).every(({ status }) => status === 200))
    // Both know the caller.
    await until(() => pids(server, '/protected').length === 2)
    t.equal((await call(`${url}/logout`, { method: 'POST', token })).status, 204)
    await until(async () =>
      (await calls(6, `${url}/protected`, { token })).every(({ status }) => status === 401)
    )
  })

  await t.test('a change on one outdates what the other has cached', async (t) => {
    const list = async () => {
      listed += 6
      return calls(6, `${url}/users`, { token: admin })
    }
    t.notOk((await list()).some(({ body }) => body.includes('newcomer')))
    await until(() => pids(server, '/users').length === 2)
    const json = { username: 'newcomer', password: 'correct horse battery', role: 'user' }
    t.equal((await call(`${url}/users`, { method: 'POST', token: admin, json })).status, 201)
    await until(async () => (await list()).every(({ body }) => body.includes('newcomer')))
  })

  await t.test('the metrics are those of both', async (t) => {
    const { body } = await call(`http://127.0.0.1:${metrics}/metrics`)
    t.match(body, `request_duration_seconds_count{method="GET",route="/users",status="200"} ${listed}\n`)
  })

  const [killed] = pids(server, '/users')
  await t.test('one that is killed is replaced, and meanwhile the other serves', async (t) => {
    if (killed === undefined) throw new Error('a process has answered')
    process.kill(killed, 'SIGKILL')
    while (!server.output().includes(`process ${killed} ended with SIGKILL: it is replaced`))
      await setTimeout(10)
    const before = pids(server, '/health/ready')
    for (;;) {
      t.ok((await calls(4, `${url}/health/ready`)).every(({ status }) => status === 200))
      const serving = pids(server, '/health/ready').filter((pid) => !before.includes(pid))
      if (serving.some((pid) => !pids(server, '/users').includes(pid))) break
      await setTimeout(100)
    }
    t.equal((await call(`${url}/protected`, { token: admin })).status, 200)
  })

  await t.test('a signal to all of them cuts off no answer, though it reaches each twice', async (t) => {
    const json = (username: string) => ({ username, password: 'wrong' })
    const living = () => pids(server, '/health/ready').filter((pid) => pid !== killed)
    await until(() => living().length === 2)
    const answers = ['ada', 'bob', 'eve'].map((username) =>
      call(`${url}/login`, { method: 'POST', json: json(username) })
    )
    await call(`${url}/health/live`)
    for (const pid of [server.child.pid ?? 0, ...living()]) process.kill(pid, 'SIGTERM')
    t.same(await server.exited, { code: 0, signal: null }, 'all end in time')
    t.match(
      server.output(),
      'stopping in 1 s',
      'a shorter SHUTDOWN_DELAY could take the second one for another'
    )
    t.same(
      (await Promise.all(answers)).map(({ status }) => status),
      [401, 401, 401]
    )
  })
})

test('processes that cannot start end with the failure, once', async (t) => {
  const server = launchServer(t, { script: 'start:cluster', env: { JWT_ALGORITHM: 'EdDSA' } })
  t.same(await server.exited, { code: 1, signal: null })
  t.equal(server.output().match(/holds no key for JWT_ALGORITHM/g)?.length, 1)
})

test('SIGTERM ends a cluster whose first process still starts', async (t) => {
  const metrics = await freePort()
  const server = launchServer(t, {
    script: 'start:cluster',
    env: { WORKERS: '1', METRICS_PORT: String(metrics) }
  })
  await until(async () =>
    call(`http://127.0.0.1:${metrics}/metrics`).then(
      ({ status }) => status === 503,
      () => false
    )
  )
  t.same(await server.stop(), { code: 0, signal: null })
})

test(
  'a cluster reads .env, and SIGTERM ends it while its only process is being replaced',
  { timeout: 60_000 },
  async (t) => {
    const cwd = temporaryFolder(t)
    const metrics = await freePort()
    writeFileSync(join(cwd, '.env'), `WORKERS=1\nMETRICS_PORT=${metrics}\n`)
    const server = await startServer(t, { script: 'start:cluster', cwd })
    await call(`${server.url}/health/live`)
    t.equal((await call(`http://127.0.0.1:${metrics}/metrics`)).status, 200)
    const [worker] = pids(server, '/health/live')
    if (worker === undefined) throw new Error('a process has answered')
    process.kill(worker, 'SIGKILL')
    while (!server.output().includes('it is replaced')) await setTimeout(10)
    t.same(await server.stop(), { code: 0, signal: null })
  }
)

test(
  'what can no longer start is tried less and less often, and then given up',
  { timeout: 120_000 },
  async (t) => {
    const server = await startServer(t, { script: 'start:cluster', env: { WORKERS: '1' } })
    await call(`${server.url}/health/live`)
    await until(() => pids(server, '/health/live').length > 0)
    const [worker] = pids(server, '/health/live')
    if (worker === undefined) throw new Error('a process has answered')
    writeFileSync(join(server.cwd, '.env'), '\ufeffNODE_ENV=production\n')
    process.kill(worker, 'SIGKILL')
    t.same(await server.exited, { code: 1, signal: null })
    t.equal(server.output().match(/begins with a byte-order mark/g)?.length, 5)
    t.match(server.output(), 'the 5th in a row that did not get to serve: this service ends')
  }
)
