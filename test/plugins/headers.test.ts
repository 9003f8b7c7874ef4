import { test } from 'tap'
import { fakeClocks } from '../clock.ts'
import { build } from '../helper.ts'

test('every answer has the security headers, an id, and nothing that tells of the server', async (t) => {
  const { app, as } = await build(t)
  const user = await as('user')
  const answers = await Promise.all([
    app.inject('/cached-data'),
    app.inject('/protected'),
    app.inject({ url: '/protected', headers: user }),
    app.inject({ url: '/admin', headers: user }),
    app.inject('/nowhere'),
    app.inject({ method: 'PUT', url: '/login' }),
    app.inject({ method: 'POST', url: '/login' }),
    app.inject('/%'),
    app.inject('/openapi.json'),
    app.inject('/health/live')
  ])
  for (const { headers, raw } of answers) {
    t.match(
      headers,
      {
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
        'referrer-policy': 'no-referrer',
        'cross-origin-resource-policy': 'same-origin',
        'x-request-id': /^[\w.-]{1,64}$/
      },
      String(raw.req.url)
    )
    for (const name of [
      'x-powered-by',
      'server',
      'strict-transport-security',
      'set-cookie',
      'access-control-allow-origin'
    ])
      t.notOk(name in headers, `${name} of ${String(raw.req.url)}`)
  }
})

test('HSTS is sent behind TLS alone: a trusted proxy has to say so', async (t) => {
  const { app } = await build(t, { TRUST_PROXY: '10.0.0.0/8' })
  const from = async (remoteAddress: string, proto: string) =>
    (await app.inject({ url: '/health/live', remoteAddress, headers: { 'x-forwarded-proto': proto } }))
      .headers['strict-transport-security']
  t.equal(await from('10.0.0.1', 'https'), 'max-age=31536000')
  t.equal(await from('10.0.0.1', 'http'), undefined)
  t.equal(await from('192.0.2.1', 'https'), undefined)
})

test('whether HSTS is for subdomains too, or for nobody, is for the operator to say', async (t) => {
  const sent = { subdomains: 'max-age=31536000; includeSubDomains', off: undefined }
  for (const [HSTS, header] of Object.entries(sent)) {
    const { app } = await build(t, { TRUST_PROXY: '127.0.0.0/8', HSTS })
    const { headers } = await app.inject({ url: '/health/live', headers: { 'x-forwarded-proto': 'https' } })
    t.equal(headers['strict-transport-security'], header)
  }
})

test('answers with tokens or about accounts are not to be stored', async (t) => {
  const { app, session, as } = await build(t)
  const { headers, refreshToken } = await session('admin')
  const answers = await Promise.all([
    app.inject({ method: 'POST', url: '/login', payload: { username: 'admin', password: 'password123' } }),
    app.inject({ method: 'POST', url: '/refresh', payload: { refresh_token: refreshToken } }),
    app.inject({ url: '/protected', headers }),
    app.inject({ url: '/admin', headers }),
    app.inject({ url: '/users', headers: await as('admin') }),
    app.inject({ url: '/api/data', headers })
  ])
  for (const { statusCode, headers: answered, raw } of answers) {
    t.equal(statusCode, 200, String(raw.req.url))
    t.match(answered['cache-control'], /no-store|private/, String(raw.req.url))
    t.notMatch(answered['cache-control'], 'public', String(raw.req.url))
    if (answered['cache-control'] !== 'no-store')
      t.match(answered['vary'], /authorization/i, String(raw.req.url))
  }
  t.equal(answers[0].headers['cache-control'], 'no-store')
  t.equal(answers[1].headers['cache-control'], 'no-store')
})

const preflight = (origin: string, url = '/protected') => ({
  method: 'OPTIONS' as const,
  url,
  headers: {
    origin,
    'access-control-request-method': 'GET',
    'access-control-request-headers': 'authorization'
  }
})

test('the configured origins may call, and no other: not a look-alike, not null', async (t) => {
  const { app } = await build(t, { CORS_ORIGIN: 'https://app.example.com,http://localhost:5173' })
  for (const origin of ['https://app.example.com', 'http://localhost:5173']) {
    const answer = await app.inject(preflight(origin))
    t.equal(answer.statusCode, 204, origin)
    t.match(answer.headers, {
      'access-control-allow-origin': origin,
      'access-control-allow-headers': 'authorization',
      vary: /Origin/
    })
    const refusal = await app.inject({ url: '/protected', headers: { origin } })
    t.equal(refusal.statusCode, 401)
    t.equal(refusal.headers['access-control-allow-origin'], origin, 'the page may read why it was refused')
    t.match(refusal.headers['access-control-expose-headers'], 'Retry-After')
    t.notOk('access-control-allow-credentials' in refusal.headers)
  }
  const foreign = [
    'https://evil.example',
    'null',
    'https://app.example.com.evil.example',
    'http://app.example.com',
    'https://app.example.com:8443',
    'https://xapp.example.com',
    'https://app-example.com'
  ]
  for (const origin of foreign) {
    for (const request of [preflight(origin), { url: '/cached-data', headers: { origin } }]) {
      const { headers } = await app.inject(request)
      t.notOk('access-control-allow-origin' in headers, origin)
      t.match(headers['vary'], 'Origin')
    }
  }
  t.equal((await app.inject('/nowhere')).statusCode, 404, 'other paths are as they were')
  t.equal((await app.inject({ method: 'DELETE', url: '/protected' })).headers['allow'], 'GET, HEAD')
})

test('apps have origins too, and an origin counts however it is spelled', async (t) => {
  const apps = ['capacitor://localhost', 'ionic://localhost', 'tauri://localhost', 'app://one.two']
  const { app } = await build(t, { CORS_ORIGIN: [...apps, 'HTTPS://App.example.com:443'].join(', ') })
  for (const origin of [...apps, 'https://app.example.com']) {
    const { headers } = await app.inject({ url: '/protected', headers: { origin } })
    t.equal(headers['access-control-allow-origin'], origin)
  }
  for (const origin of ['http://localhost', 'capacitor://localhost.evil', 'file://', 'null']) {
    const { headers } = await app.inject({ url: '/protected', headers: { origin } })
    t.notOk('access-control-allow-origin' in headers, origin)
  }
})

test('a page may read why it was refused, also where there is no route, and each answer has the security headers', async (t) => {
  const origin = 'https://app.example.com'
  const { app } = await build(t, { CORS_ORIGIN: origin })
  const urls = [
    '/%',
    '/problems/%ff',
    `/problems/${'x'.repeat(2_000)}`,
    '/nowhere',
    '/protected',
    '/login',
    '/documentation/'
  ]
  for (const url of urls) {
    for (const request of [preflight(origin, url), { url, headers: { origin } }]) {
      const { headers, statusCode } = await app.inject(request)
      const name = `${'method' in request ? 'OPTIONS' : 'GET'} ${url.slice(0, 30)} ${statusCode}`
      t.equal(headers['access-control-allow-origin'], origin, name)
      t.match(headers, { vary: /Origin/, 'x-request-id': String, 'x-content-type-options': 'nosniff' }, name)
      if ('method' in request) t.equal(statusCode, 204, name)
      else t.match(headers['access-control-expose-headers'], 'X-Request-Id', name)
    }
  }
  // No question of a browser: an OPTIONS like any other.
  for (const headers of [{}, { origin }, { 'access-control-request-method': 'GET' }]) {
    const answer = await app.inject({ method: 'OPTIONS', url: '/protected', headers })
    t.equal(answer.statusCode, 405)
    t.match(answer.json(), { code: 'METHOD_NOT_ALLOWED' })
    t.equal(answer.headers.allow, 'GET, HEAD')
  }
})

test('CORS_ORIGIN=* lets every page call, never with credentials', async (t) => {
  const { app } = await build(t, { CORS_ORIGIN: '*' })
  const { headers } = await app.inject({ url: '/cached-data', headers: { origin: 'https://any.example' } })
  t.equal(headers['access-control-allow-origin'], '*')
  t.notOk('access-control-allow-credentials' in headers)
})

test('the documentation page has a policy under which it works, on plain HTTP too', async (t) => {
  const { app } = await build(t)
  const page = await app.inject('/documentation')
  t.equal(page.statusCode, 200)
  t.match(page.headers['content-type'], 'text/html')
  const policy = String(page.headers['content-security-policy'])
  for (const part of [
    "default-src 'none'",
    "script-src 'self'",
    "connect-src 'self'",
    "frame-ancestors 'none'"
  ])
    t.match(policy, part)
  t.notMatch(policy, 'upgrade-insecure-requests')
  t.notMatch(policy, /script-src[^;]*unsafe/)
  t.match(page.headers, { 'x-content-type-options': 'nosniff' })

  const files = [...page.payload.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file ?? '')
  t.ok(files.length >= 4)
  for (const file of files) {
    t.notMatch(file, /^(https?:)?\/\//, 'self-hosted')
    const asset = await app.inject(new URL(file, 'http://localhost/documentation').pathname)
    t.equal(asset.statusCode, 200, file)
  }
  t.notMatch(page.payload, /<script(?![^>]*src)[^>]*>[^<]/, 'no script in the page itself')
})

test('ready is 503 with what is wrong: a migration to apply, or no database', async (t) => {
  const { app, db } = await build(t)
  t.same((await app.inject('/health/ready')).json(), { status: 'ok' })
  const { name } = await db
    .$extendTables<{ kysely_migration: { name: string } }>()
    .selectFrom('kysely_migration')
    .select('name')
    .orderBy('name')
    .executeTakeFirstOrThrow()
  await db
    .$extendTables<{ kysely_migration: { name: string } }>()
    .deleteFrom('kysely_migration')
    .where('name', '=', name)
    .execute()
  const clocks = fakeClocks(t)
  clocks.pass(1_000)
  const pending = await app.inject('/health/ready')
  t.equal(pending.statusCode, 503)
  t.match(pending.json(), { code: 'NOT_READY', detail: name })
  t.match(pending.headers['retry-after'], /^\d+$/)

  await db.destroy()
  clocks.pass(1_000)
  const gone = await app.inject('/health/ready')
  t.equal(gone.statusCode, 503)
  t.match(gone.json(), { detail: 'Not ready: the database does not answer.' })
  t.equal((await app.inject('/health/live')).statusCode, 200)
})
