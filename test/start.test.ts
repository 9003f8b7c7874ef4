import { execFile } from 'node:child_process'
import { mkdirSync, statSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import Sqlite from 'better-sqlite3'
import { test } from 'tap'
import {
  announced,
  build,
  environmentWith,
  launchServer,
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
  const first = await startServer(t, { cwd })
  t.match(
    first.output(),
    /Gatehouse API (http\S+) · console \1\/console\/ · documentation \1\/documentation · OpenAPI \1\/openapi\.json · development defaults in force: JWT_SECRET .*guide's password/
  )

  t.match(await get(`${first.url}/protected`), { status: 401, body: { msg: 'Missing Authorization Header' } })
  const wrong = await post(`${first.url}/login`, { username: 'admin', password: 'wrong' })
  t.match([wrong.status, await wrong.json()], [401, { error: 'Invalid credentials' }])
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

  t.same(await first.stop(), { code: 0, signal: null })
  t.equal(statSync(join(cwd, 'data/jwt.secret')).mode & 0o777, 0o600)

  const second = await startServer(t, { cwd })
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

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} under load finishes what is in flight and exits 0, whatever hangs on the line`, async (t) => {
    const { url, stop, output, cwd } = await startServer(t, { env: { BCRYPT_COST: '11' } })
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

test('no password, token or hash is printed, not even at the level trace', async (t) => {
  const server = await startServer(t, { env: { LOG_LEVEL: 'trace' } })
  const { access_token, refresh_token } = await signIn(server.url, 'admin')
  await post(`${server.url}/login`, { username: 'admin', password: 'a wrong guess' })
  await post(`${server.url}/login`, { username: 'admin', password: ['a wrong guess'] })
  await get(`${server.url}/protected?token=${access_token}`, access_token)
  await get(`${server.url}/protected`, `${access_token}x`)
  const next = (await (await post(`${server.url}/refresh`, { refresh_token })).json()) as Pair
  await fetch(`${server.url}/logout`, { method: 'POST', headers: bearer(next.access_token) })
  await server.stop()
  t.match(server.output(), '/logout')
  for (const secret of [
    password,
    'a wrong guess',
    access_token,
    refresh_token,
    next.access_token,
    next.refresh_token,
    '$2b$'
  ]) {
    t.notOk(server.output().includes(secret))
  }
})

test('an option of V8 on the command line does not keep anyone from signing in', async (t) => {
  build()
  const options = { cwd: temporaryFolder(t), env: { PORT: '0' } }
  const fastify = join(root, 'node_modules/fastify-cli/cli.js')
  const args = [
    '--no-opt',
    fastify,
    'start',
    '--address',
    '127.0.0.1',
    '--options',
    join(root, 'dist/app.js')
  ]
  const server = await announced(run(t, process.execPath, args, options))
  t.ok(await signIn(server.url, 'admin'))
})

test('print-routes and print-plugins work on the compiled application', async (t) => {
  build()
  const print = async (command: string) => {
    const { stdout } = await promisify(execFile)('fastify', [command, join(root, 'dist/app.js')], {
      cwd: temporaryFolder(t),
      env: environmentWith({})
    })
    return stdout
  }
  t.match(await print('print-routes'), /login \(POST\)/)
  t.match(await print('print-plugins'), /rbac/)
})

test('kill -9 under writes loses nothing that was acknowledged', async (t) => {
  const cwd = temporaryFolder(t)
  // A token whose exchange was under way at the kill still answers, however slowly the next start comes.
  const env = { BCRYPT_COST: '4', RATE_LIMIT_DEFAULT: '1000000', REFRESH_GRACE: '1h' }
  const tokens: string[] = []
  const ended: string[] = []
  let exchanges = 0
  for (let round = 1; round <= 3; round++) {
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
  const after = await startServer(t, { cwd, env })
  t.ok(tokens.length >= 3, 'a live token of each round at least')
  for (const refresh_token of tokens)
    t.equal((await post(`${after.url}/refresh`, { refresh_token })).status, 200)
  for (const refresh_token of ended)
    t.equal((await post(`${after.url}/refresh`, { refresh_token })).status, 401)
  await after.stop()
  const database = new Sqlite(join(cwd, 'data/gatehouse.db'))
  t.equal(database.prepare('pragma integrity_check').pluck().get(), 'ok')
  database.close()
})

test('a damaged development secret stops the start with its file', async (t) => {
  const cwd = temporaryFolder(t)
  mkdirSync(join(cwd, 'data'))
  writeFileSync(join(cwd, 'data/jwt.secret'), 'cut')
  const server = launchServer(t, { cwd })
  t.equal((await server.exited).code, 1)
  t.match(server.output(), 'jwt.secret is damaged: delete it')
})
