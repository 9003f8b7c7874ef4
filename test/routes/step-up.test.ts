import type { FastifyInstance } from 'fastify'
import { test } from 'tap'
import { fakeClocks } from '../clock.ts'
import { build } from '../helper.ts'

type Headers = Record<string, string>

const minutes = (count: number) => count * 60_000

const prove = (app: FastifyInstance, headers: Headers, payload: object, remoteAddress = '127.0.0.1') =>
  app.inject({ method: 'POST', url: '/me/reauthentication', headers, payload, remoteAddress })

const makeRole = (app: FastifyInstance, headers: Headers, name: string) =>
  app.inject({
    method: 'POST',
    url: '/roles',
    headers,
    payload: { name, description: 'Reads', permissions: [], requests_per_minute: 3 }
  })

const challenge =
  'Bearer error="insufficient_user_authentication", error_description="A more recent sign-in is needed", max_age="600"'

/** What a stolen access token could make lasting. */
const gated = [
  'changeEmail',
  'changePassword',
  'confirmFactor',
  'createMyKey',
  'createRole',
  'createUserKey',
  'deleteRole',
  'deleteUser',
  'enrolFactor',
  'registerPasskey',
  'removeEmail',
  'removeFactor',
  'removePasskey',
  'removeUserFactors',
  'renewRecoveryCodes',
  'requestPasskeyRegistration',
  'rotateMyKey',
  'rotateUserKey',
  'sendUserRecovery',
  'setUserPassword',
  'updateMyKey',
  'updateRole',
  'updateSetting',
  'updateUserKey'
]

test('what lasts wants a sign-in of the last ten minutes, and says so in the contract', async (t) => {
  const clock = fakeClocks(t)
  const { app, as } = await build(t)
  const headers = await as('admin')
  clock.pass(minutes(10))
  t.equal((await makeRole(app, headers, 'first')).statusCode, 201, 'ten minutes are recent')
  clock.pass(1)

  const { paths } = (await app.inject('/openapi.json')).json<{
    paths: Record<
      string,
      Record<string, { operationId: string; 'x-step-up'?: { max_age: number }; responses: object }>
    >
  }>()
  const found: string[] = []
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      if (operation['x-step-up'] === undefined) continue
      found.push(operation.operationId)
      t.same(operation['x-step-up'], { max_age: 600 })
      const url = path.replace('{id}', '2').replace('{name}', 'user').replace('{key}', '4fKq0ZbT7xLm')
      const refused = await app.inject({ method: method.toUpperCase() as 'POST', url, headers })
      t.equal(refused.statusCode, 401, operation.operationId)
      t.equal(refused.headers['www-authenticate'], challenge)
      t.match(refused.json(), { code: 'REAUTHENTICATION_NEEDED', status: 401 })
    }
  }
  t.same(found.sort(), gated)
  t.equal((await app.inject({ url: '/users', headers })).statusCode, 200, 'all else goes on')
})

test('accounts that may do nothing more are made and changed without; power is given away by who is here', async (t) => {
  const clock = fakeClocks(t)
  const { app, as, db } = await build(t)
  const headers = { ...(await as('admin')), 'if-match': '*' }
  clock.pass(minutes(11))
  const ask = async (method: 'POST' | 'PATCH', url: string, payload: object) => {
    const answer = await app.inject({ method, url, headers, payload })
    return [answer.statusCode, answer.headers['www-authenticate']]
  }
  const account = { username: 'ada', password: 'a walk in the rain' }
  const invitation = { email: 'ada@example.com' }
  for (const [method, url, payload] of [
    ['POST', '/users', { ...account, role: 'admin' }],
    ['PATCH', '/users/2', { role: 'admin' }],
    ['PATCH', '/users/1', { username: 'mallory' }],
    ['PATCH', '/me', { username: 'mallory' }],
    ['POST', '/invitations', { ...invitation, role: 'admin' }]
  ] as const)
    t.same(await ask(method, url, payload), [401, challenge], `${method} ${url}`)
  const rows = await db.selectFrom('users').select(['username', 'role']).orderBy('id').execute()
  t.same(rows, [
    { username: 'admin', role: 'admin' },
    { username: 'user', role: 'user' }
  ])
  t.same(await ask('POST', '/users', { ...account, role: 'user' }), [201, undefined])
  t.same(await ask('PATCH', '/users/2', { status: 'disabled' }), [200, undefined])
  t.same(await ask('PATCH', '/me', { username: 'admin', locale: 'de' }), [200, undefined], 'the name stays')
  t.same(await ask('POST', '/invitations', { ...invitation, role: 'user' }), [201, undefined])
})

test('the password renews this session, at once: no other one, and none lives longer', async (t) => {
  const clock = fakeClocks(t)
  const { app, db, session } = await build(t)
  const [one, other] = [await session('admin'), await session('admin')]
  const rows = () =>
    db.selectFrom('sessions').select(['id', 'expires_at', 'auth_time', 'amr']).orderBy('id').execute()
  const before = await rows()
  clock.pass(minutes(11))
  t.equal((await makeRole(app, one.headers, 'first')).statusCode, 401)
  const proven = await prove(app, one.headers, { password: 'password123' })
  t.same([proven.statusCode, proven.body], [204, ''])
  t.equal((await makeRole(app, one.headers, 'first')).statusCode, 201)
  t.equal((await makeRole(app, other.headers, 'second')).statusCode, 401)

  const now = new Date().toISOString()
  t.same(
    await rows(),
    before.map((row) => (row.id === one.sessionId ? { ...row, auth_time: now } : row)),
    'nothing else has changed'
  )
  const entries = await db
    .selectFrom('audit')
    .select(['actor', 'target', 'changes'])
    .where('action', '=', 'session.reauthenticate')
    .execute()
  const changes = JSON.stringify([{ member: 'amr', to: 'pwd' }])
  t.same(entries, [{ actor: 'admin', target: `session:${one.sessionId}`, changes }])
  clock.pass(minutes(10) + 1)
  t.equal((await makeRole(app, one.headers, 'second')).statusCode, 401)
})

test('a clock that is set back makes no proof last longer', async (t) => {
  const clock = fakeClocks(t)
  const { app, as } = await build(t)
  clock.set(minutes(30))
  const headers = await as('admin')
  clock.set(-minutes(20))
  t.match((await makeRole(app, headers, 'first')).json(), { code: 'REAUTHENTICATION_NEEDED' })
})

test('proving again is no way to guess the password: it counts as signing in does, whatever the name', async (t) => {
  const { app, db, as } = await build(t, { RATE_LIMIT_SIGN_IN: '1000000' })
  const headers = await as('user')
  for (let guess = 0; guess < 10; guess++)
    t.match((await prove(app, headers, { password: 'wrong' })).json(), {
      status: 403,
      code: 'WRONG_PASSWORD'
    })
  const throttled = await prove(app, headers, { password: 'password123' })
  t.match(throttled.json(), { status: 429, code: 'SIGN_IN_THROTTLED' })
  const payload = { username: 'user', password: 'password123' }
  t.equal((await app.inject({ method: 'POST', url: '/login', payload })).statusCode, 429)
  const counted = await db
    .selectFrom('audit')
    .select(['target', 'count'])
    .where('action', '=', 'password.refuse')
    .execute()
  t.same(counted, [{ target: 'user:2', count: 10 }])
})

test('one proof is taken, from whoever is signed in, also while the service is read-only', async (t) => {
  const { app, as } = await build(t)
  const headers = await as('admin')
  for (const payload of [{}, { password: 1 }, { password: null }, { pass: 'password123' }])
    t.match((await prove(app, headers, payload)).json(), { status: 400, code: 'VALIDATION_FAILED' })
  t.match((await prove(app, {}, { password: 'password123' })).json(), { status: 401, code: 'TOKEN_MISSING' })
  const change = await app.inject({
    method: 'PATCH',
    url: '/settings/read_only',
    headers: { ...headers, 'if-match': '"0"' },
    payload: { value: true }
  })
  t.equal(change.statusCode, 200)
  t.equal((await prove(app, headers, { password: 'password123' })).statusCode, 204)
})

test('of a password change and a proof at once, no proof is by the old password afterwards', async (t) => {
  const { app, db, session } = await build(t)
  const [one, other] = [await session('user'), await session('user')]
  const change = {
    method: 'PUT' as const,
    url: '/me/password',
    headers: one.headers,
    payload: { current_password: 'password123', new_password: 'a walk in the rain' }
  }
  const [changed, ...proofs] = await Promise.all([
    app.inject(change),
    ...Array.from({ length: 6 }, () => prove(app, other.headers, { password: 'password123' }))
  ])
  t.equal(changed.statusCode, 204)
  t.ok(proofs.every(({ statusCode }) => [204, 401, 403].includes(statusCode)))
  t.equal((await prove(app, one.headers, { password: 'password123' })).statusCode, 403)
  t.same(await db.selectFrom('sessions').select('id').execute(), [{ id: one.sessionId }])
})

test('access tokens tell other services when and by what their owner has signed in', async (t) => {
  const clock = fakeClocks(t)
  const { app } = await build(t)
  const claims = (token: string) =>
    JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>
  const post = async (url: string, payload: object) =>
    (await app.inject({ method: 'POST', url, payload })).json<{
      access_token: string
      refresh_token: string
    }>()
  const signedIn = Math.floor(Date.now() / 1_000)
  const first = await post('/login', { username: 'user', password: 'password123' })
  t.match(claims(first.access_token), { auth_time: signedIn, amr: ['pwd'] })
  clock.pass(minutes(5))
  const second = await post('/refresh', { refresh_token: first.refresh_token })
  t.match(claims(second.access_token), { auth_time: signedIn, amr: ['pwd'] }, 'a refresh proves nothing')
  const headers = { authorization: `Bearer ${second.access_token}` }
  t.equal((await prove(app, headers, { password: 'password123' })).statusCode, 204)
  const third = await post('/refresh', { refresh_token: second.refresh_token })
  t.match(claims(third.access_token), { auth_time: signedIn + 300, amr: ['pwd'] })
})
