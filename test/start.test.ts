import { execFile } from 'node:child_process'
import { existsSync, statSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { promisify } from 'node:util'
import Sqlite from 'better-sqlite3'
import { type Test, test } from 'tap'
import { build as service } from './helper.ts'
import {
  announced,
  argumentsOf,
  build,
  environmentWith,
  freePort,
  root,
  run,
  startServer,
  temporaryFolder
} from './process.ts'
import { until } from './until.ts'

interface Pair {
  access_token: string
  refresh_token: string
}

const password = 'password123'
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

const post = (url: string, body: unknown) =>
  fetch(url, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) })

const signIn = async (url: string, username: string) => {
  const response = await post(`${url}/login`, { username, password })
  if (response.status !== 200) throw new Error(`${username} cannot sign in: ${await response.text()}`)
  return (await response.json()) as Pair
}

/** Status and body of a GET, with an access token or without. */
const get = async (url: string, token?: string) => {
  const response = await fetch(url, { headers: token === undefined ? {} : bearer(token) })
  return { status: response.status, body: await response.json() }
}

test('the guide from its first request to its last, over HTTP, and again after a restart', async (t) => {
  const cwd = temporaryFolder(t)
  // What a log could give away it would at this level.
  const first = await startServer(t, { cwd, env: { LOG_LEVEL: 'trace' } })
  t.match(
    first.output(),
    /Gatehouse API (http\S+) · console \1\/console\/ · documentation \1\/documentation · OpenAPI \1\/openapi\.json · development defaults in force: JWT_SECRET .*guide's password/
  )

  t.match(await get(`${first.url}/protected`), { status: 401, body: { msg: 'Missing Authorization Header' } })
  const wrong = await post(`${first.url}/login`, { username: 'admin', password: 'a wrong guess' })
  t.match([wrong.status, await wrong.json()], [401, { error: 'Invalid credentials' }])
  t.equal((await post(`${first.url}/login`, { username: 'admin', password: ['a wrong guess'] })).status, 400)
  const missing = await post(`${first.url}/login`, { username: 'admin' })
  t.match([missing.status, await missing.json()], [400, { error: 'Missing username or password' }])

  const admin = await signIn(first.url, 'admin')
  const user = await signIn(first.url, 'user')
  t.same(await get(`${first.url}/protected`, admin.access_token), {
    status: 200,
    body: { message: 'Welcome admin!', role: 'admin', authenticated: true }
  })
  t.same(await get(`${first.url}/admin`, admin.access_token), {
    status: 200,
    body: {
      message: 'Welcome to the admin panel!',
      admin_features: ['User Management', 'System Configuration', 'Analytics'],
      admin_level: 'admin',
      links: { users: '/console/#/users', system: '/console/#/system', analytics: '/console/#/overview' }
    }
  })
  const denied = { status: 403, body: { error: 'Access denied. Admin privileges required.' } }
  t.match(await get(`${first.url}/admin`, user.access_token), denied)
  t.match(await get(`${first.url}/users`, user.access_token), denied)
  const users = await get(`${first.url}/users`, admin.access_token)
  t.match(users, {
    status: 200,
    body: {
      users: [
        { id: 1, username: 'admin', role: 'admin', created_at: /^\d{4}-\d\d-\d\dT[\d:.]+Z$/ },
        { id: 2, username: 'user', role: 'user' }
      ],
      next_cursor: null
    }
  })
  for (let call = 1; call <= 3; call++) t.match(await get(`${first.url}/rate-limited`), { status: 200 })
  t.match(await get(`${first.url}/rate-limited`), { status: 429, body: { error: 'Too Many Requests' } })
  t.match(await get(`${first.url}/api/data`, user.access_token), {
    status: 200,
    body: {
      data: { sample: 'data', items: [1, 2, 3, 4, 5] },
      rate_limit_info: 'Your role (user) determines your rate limit.'
    }
  })
  const cached = await get(`${first.url}/cached-data`)
  t.match(cached, { status: 200, body: { data: 'This response is cached for 60 seconds', accounts: 2 } })
  t.same(await get(`${first.url}/cached-data`), cached)
  for (const path of ['/health/live', '/health/ready']) t.match(await get(first.url + path), { status: 200 })
  t.match(await get(`${first.url}/openapi.json`), { status: 200, body: { openapi: '3.1.0' } })
  t.match(await get(`${first.url}/openapi-3.0.json`), { status: 200, body: { openapi: '3.0.3' } })
  t.match(await (await fetch(`${first.url}/documentation`)).text(), /swagger-ui/)

  const refreshed = (await (
    await fetch(`${first.url}/refresh`, { method: 'POST', headers: bearer(user.refresh_token) })
  ).json()) as Pair
  t.match(await get(`${first.url}/protected`, refreshed.access_token), { status: 200 })
  const gone = await signIn(first.url, 'user')
  const logout = await fetch(`${first.url}/logout`, { method: 'POST', headers: bearer(gone.access_token) })
  t.equal(logout.status, 204)
  t.match(await get(`${first.url}/protected`, gone.access_token), { status: 401 })
  t.equal((await get(`${first.url}/protected`, `${admin.access_token}x`)).status, 401)
  t.equal((await get(`${first.url}/protected?token=${admin.access_token}`, admin.access_token)).status, 200)

  t.same(await first.stop(), { code: 0, signal: null })
  t.equal(statSync(join(cwd, 'data/jwt.secret')).mode & 0o777, 0o600)
  t.match(first.output(), '/logout')
  const secrets = [admin, user, gone, refreshed].flatMap((pair) => [pair.access_token, pair.refresh_token])
  for (const secret of [password, 'a wrong guess', '$2b$', ...secrets])
    t.notOk(first.output().includes(secret), 'nothing secret is printed')

  // The threads of the service are started from this process, with its options.
  const optionOfV8 = '--max-semi-space-size=32'
  const fastify = [join(root, 'node_modules/fastify-cli/cli.js'), 'start', '--address', '127.0.0.1']
  const args = [optionOfV8, ...fastify, '--options', join(root, 'dist/app.js')]
  const second = await announced(run(t, process.execPath, args, { cwd, env: { PORT: '0' } }))
  t.same(await get(`${second.url}/users`, admin.access_token), users, 'the accounts, and a token from before')
  t.match(
    await get(`${second.url}/protected`, gone.access_token),
    { status: 401 },
    'who signed out stays out'
  )
  const again = await post(`${second.url}/refresh`, { refresh_token: refreshed.refresh_token })
  t.equal(again.status, 200, 'a refresh token from before')
  t.match(await get(`${second.url}/protected`, ((await again.json()) as Pair).access_token), {
    body: { message: 'Welcome user!' }
  })
  await signIn(second.url, 'admin')
  t.equal((await get(`${second.url}/system/checks`, admin.access_token)).status, 200)
})

/** A connection that sends this much and then nothing. */
const holdOpen = (url: string, text: string) =>
  new Promise<Socket>((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => {
      if (text) socket.write(text)
      resolve(socket)
    })
    socket.on('error', reject).resume()
  })

/** Starts the server with its log on a full disk, where there is one that is always full. */
async function startOnFullDisk(t: Test, env: Record<string, string>) {
  if (!existsSync('/dev/full')) return startServer(t, { env })
  build()
  const port = await freePort()
  const line = ['-c', 'exec "$@" > /dev/full', 'sh', process.execPath, ...argumentsOf('start')]
  const cwd = temporaryFolder(t)
  const server = run(t, 'sh', line, { cwd, env: { PORT: String(port), ...env } })
  const url = `http://127.0.0.1:${port}`
  while ((await fetch(`${url}/health/live`).catch(() => undefined))?.status !== 200) {
    if (server.child.exitCode !== null) throw new Error(`the server ended:\n${server.output()}`)
    await setTimeout(20)
  }
  return { ...server, cwd, url }
}

for (const [signal, log] of [
  ['SIGTERM', 'somebody reads'],
  ['SIGINT', 'is on a full disk']
] as const) {
  test(`${signal} under load finishes what is in flight and exits 0, whatever hangs on the line, when its log ${log}`, async (t) => {
    const env = { BCRYPT_COST: '11' }
    const { url, stop, output, cwd } = await (signal === 'SIGINT'
      ? startOnFullDisk(t, env)
      : startServer(t, { env }))
    const sockets = await Promise.all(
      [
        '',
        'GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n',
        'GET /health/live HTTP/1.1\r\nHos',
        'POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{'
      ].map((text) => holdOpen(url, text))
    )
    t.teardown(() => sockets.forEach((socket) => socket.destroy()))
    // Each of these takes some tenths of a second of hashing.
    const inFlight = ['admin', 'user'].map((username) => post(`${url}/login`, { username, password }))
    let answered = 0
    const load = (async () => {
      for (;;) {
        try {
          const response = await fetch(`${url}/health/live`)
          if ((await response.text()) === '{"status":"ok"}') answered++
          else t.fail(`answered ${response.status}`)
        } catch {
          return
        }
      }
    })()
    // An attempt is counted, by address and in all, before its password is looked at.
    const database = new Sqlite(join(cwd, 'data/gatehouse.db'), { readonly: true })
    const attempts = database.prepare('select count(*) from sign_in_attempts').pluck()
    await until(() => answered > 0 && attempts.get() === 2 * inFlight.length)
    database.close()
    t.same(await stop(signal), { code: 0, signal: null }, output().slice(-500))
    for (const response of await Promise.all(inFlight)) {
      t.equal(response.status, 200)
      t.match(await response.json(), { access_token: String })
    }
    await load
    t.ok(answered > 0)
  })
}

test('print-routes works on the compiled application', async (t) => {
  build()
  const { stdout } = await promisify(execFile)('fastify', ['print-routes', join(root, 'dist/app.js')], {
    cwd: temporaryFolder(t),
    env: environmentWith({})
  })
  t.match(stdout, /login \(POST\)/)
})

test('kill -9 under writes loses nothing that was acknowledged', async (t) => {
  const cwd = temporaryFolder(t)
  // A token whose exchange was under way at the kill still answers, however slowly the next start comes.
  const env = {
    BCRYPT_COST: '4',
    RATE_LIMIT_DEFAULT: '1000000',
    REFRESH_GRACE: '1h',
    DATABASE_URL: `file:${join(cwd, 'gatehouse.db')}`,
    JWT_SECRET: 'what all of them sign their tokens with',
    DATA_KEY: 'pG7wS0mVq1kXh3JtY9nLc5RzB2dFe8uTa6oKxWQ4jis='
  }
  const tokens: string[] = []
  const ended: string[] = []
  let exchanges = 0
  for (let round = 1; round <= 2; round++) {
    const server = await startServer(t, { cwd, env })
    const refreshing = async () => {
      let { refresh_token } = await signIn(server.url, 'admin')
      for (;;) {
        tokens.push(refresh_token)
        const answer = (await (await post(`${server.url}/refresh`, { refresh_token })).json()) as Pair
        // Acknowledged: from here on only the successor counts.
        tokens.splice(tokens.indexOf(refresh_token), 1)
        refresh_token = answer.refresh_token
        exchanges++
      }
    }
    const leaving = async () => {
      for (;;) {
        const { access_token, refresh_token } = await signIn(server.url, 'user')
        await fetch(`${server.url}/logout`, { method: 'POST', headers: bearer(access_token) })
        ended.push(refresh_token)
      }
    }
    const work = Promise.allSettled([refreshing(), refreshing(), leaving()])
    const before = exchanges
    await until(() => ended.length >= round && exchanges >= before + 10 && tokens.length >= 2 * round)
    await server.stop('SIGKILL')
    t.same(
      (await work).map(({ status }) => status),
      ['rejected', 'rejected', 'rejected']
    )
  }
  const { app } = await service(t, env)
  const refresh = async (refresh_token: string) =>
    (await app.inject({ method: 'POST', url: '/refresh', payload: { refresh_token } })).statusCode
  t.ok(tokens.length >= 2, 'a live token of each round at least')
  for (const token of tokens) t.equal(await refresh(token), 200)
  for (const token of ended) t.equal(await refresh(token), 401)
  await app.close()
  const database = new Sqlite(join(cwd, 'gatehouse.db'))
  t.equal(database.prepare('pragma integrity_check').pluck().get(), 'ok')
  database.close()
})

test('a damaged development secret stops the start with its file', async (t) => {
  const folder = temporaryFolder(t)
  writeFileSync(join(folder, 'jwt.secret'), 'cut')
  const env = { DATABASE_URL: `file:${join(folder, 'test.db')}`, JWT_SECRET: '' }
  await t.rejects(service(t, env), { message: /jwt\.secret is damaged: delete it/ })
})
