import { test } from 'tap'
import { cleanUp } from '../../core/retention/clean-up.ts'
import { build } from '../helper.ts'

const password = 'a walk in the early rain'

type Headers = Record<string, string>

/** The whole service, and what calls it with an Idempotency-Key. */
async function idempotent(t: Parameters<typeof build>[0], env: Headers = {}) {
  const service = await build(t, env)
  const call = (
    operation: string,
    headers: Headers,
    payload: object | undefined,
    key: string | undefined,
    more: { remoteAddress?: string } = {}
  ) => {
    const [method, url] = operation.split(' ') as ['POST', string]
    return service.app.inject({
      method,
      url,
      headers: { ...headers, ...(key !== undefined && { 'idempotency-key': key }) },
      ...(payload && { payload }),
      ...more
    })
  }
  return { ...service, call }
}

test('every operation that takes a key is done once, and answered alike as often as it comes', async (t) => {
  const { app, db, as, call } = await idempotent(t, {
    MAIL_URL: 'smtp://127.0.0.1:4901',
    MAIL_FROM: 'us@example.com'
  })
  const admin = await as('admin')
  await db
    .updateTable('users')
    .set({
      email: 'user@example.com',
      email_key: 'user@example.com',
      email_verified_at: '2026-01-01T00:00:00.000Z'
    })
    .where('username_key', '=', 'user')
    .execute()
  const { id } = await db
    .selectFrom('users')
    .select('id')
    .where('username_key', '=', 'user')
    .executeTakeFirstOrThrow()
  const key = { name: 'A key', permissions: [] }
  const keyOf = async (path: string) =>
    (await call(`POST ${path}`, admin, key, undefined)).json<{ id: string }>().id
  const [mine, theirs] = [await keyOf('/me/keys'), await keyOf(`/users/${id}/keys`)]
  const role = { name: 'editor', description: 'Edits', permissions: [], requests_per_minute: 3 }
  const requests: [string, string, object | undefined][] = [
    ['POST /users', 'createUser', { username: 'ada', password, role: 'user' }],
    ['PATCH /users/{id}', 'updateUser', { username: 'renamed' }],
    ['POST /users/{id}/password', 'setUserPassword', { password }],
    ['POST /users/{id}/recovery', 'sendUserRecovery', undefined],
    ['POST /roles', 'createRole', role],
    ['PATCH /roles/editor', 'updateRole', { requests_per_minute: 4 }],
    ['POST /invitations', 'createInvitation', { email: 'new@example.com', role: 'user' }],
    ['PATCH /me', 'updateMe', { locale: 'de' }],
    ['POST /register', 'register', { username: 'grace', password }],
    ['POST /mail/test', 'sendTestMail', { email: 'me@example.com' }],
    ['POST /me/keys', 'createMyKey', key],
    [`PATCH /me/keys/${mine}`, 'updateMyKey', { name: 'Renamed' }],
    [`POST /me/keys/${mine}/rotation`, 'rotateMyKey', undefined],
    ['POST /users/{id}/keys', 'createUserKey', key],
    [`PATCH /users/{id}/keys/${theirs}`, 'updateUserKey', { name: 'Renamed' }],
    [`POST /users/{id}/keys/${theirs}/rotation`, 'rotateUserKey', undefined]
  ]
  const declared = Object.values(app.openapi.v31().paths ?? {}).flatMap((operations) =>
    Object.values(operations as Record<string, { operationId: string; 'x-idempotent'?: true }>)
      .filter((operation) => operation['x-idempotent'])
      .map(({ operationId }) => operationId)
  )
  t.same(
    requests.map(([, operation]) => operation).sort(),
    declared.sort(),
    'each that the contract names is tried here'
  )

  const written = async () => {
    const { count } = await db
      .selectFrom('audit')
      .select(({ fn }) => fn.countAll().as('count'))
      .executeTakeFirstOrThrow()
    return Number(count)
  }
  for (const [operation, name, payload] of requests) {
    const send = () =>
      call(operation.replace('{id}', String(id)), { ...admin, 'if-match': '*' }, payload, `"${name}-${name}"`)
    const before = await written()
    const first = await send()
    t.ok(first.statusCode < 300, `${operation} ${first.statusCode}`)
    t.equal(first.headers['idempotency-replayed'], 'false')
    for (const time of [2, 3]) {
      const again = await send()
      t.equal(again.headers['idempotency-replayed'], 'true', `${operation}, time ${time}`)
      for (const header of ['location', 'etag', 'content-type'])
        t.equal(again.headers[header], first.headers[header], header)
      t.same([again.statusCode, again.body], [first.statusCode, first.body])
    }
    t.equal(await written(), before + 1, `${operation} has left one entry`)
  }
})

test('a key belongs to one request of one caller', async (t) => {
  const { db, as, call } = await idempotent(t)
  const [admin, user] = [await as('admin'), await as('user')]
  const role = { name: 'editor', description: 'Edits', permissions: [], requests_per_minute: 3 }
  const key = '8e03978e-40d5-43dd-bc93-6894a57f9324'
  t.equal((await call('POST /roles', admin, role, `"${key}"`)).statusCode, 201)
  t.equal(
    (await call('POST /roles', admin, role, key)).headers['idempotency-replayed'],
    'true',
    'without quotes it is the same key'
  )
  const other = await call('POST /roles', admin, { ...role, name: 'other' }, key)
  t.match(other.json(), { status: 422, code: 'IDEMPOTENCY_KEY_REUSED' })
  t.equal(
    (await call('PATCH /roles/editor', admin, { requests_per_minute: 5 }, key)).headers[
      'idempotency-replayed'
    ],
    'false',
    'of another operation it is another one'
  )
  const renamed = { username: 'somebody' }
  t.equal((await call('PATCH /me', user, renamed, key)).statusCode, 200)
  t.match(
    (await call('PATCH /me', admin, renamed, key)).json(),
    { code: 'USERNAME_TAKEN' },
    'of another caller too'
  )

  const grace = { username: 'grace', password }
  const from = (remoteAddress: string) => call('POST /register', {}, grace, key, { remoteAddress })
  t.equal((await from('2001:db8::1')).statusCode, 201)
  t.equal((await from('2001:db8::2')).headers['idempotency-replayed'], 'true', 'who is nobody is a network')
  t.match((await from('2001:db8:0:1::1')).json(), { code: 'USERNAME_TAKEN' })

  for (const bad of ['', '""', '"', '"a', 'a, b', '"a", "b"', `"${'x'.repeat(256)}"`, '"\u00e9"', '"a";p=1'])
    t.match((await call('POST /roles', admin, role, bad)).json(), { code: 'IDEMPOTENCY_KEY_MALFORMED' }, bad)
  t.equal((await db.selectFrom('roles').select('name').execute()).length, 3, 'and nothing was done')
})

test('permission is judged before a replay, and a refusal is not kept', async (t) => {
  const { app, db, as, call } = await idempotent(t)
  const admin = await as('admin')
  await call('POST /users', admin, { username: 'second', password, role: 'admin' }, undefined)
  const second = await as('second')
  const ada = { username: 'ada', password, role: 'user' }
  t.equal((await call('POST /users', second, ada, 'first')).statusCode, 201)
  await db.updateTable('users').set({ role: 'user' }).where('username_key', '=', 'second').execute()
  await app.inject({ method: 'DELETE', url: '/cache?tag=users', headers: admin })
  t.match((await call('POST /users', await as('second'), ada, 'first')).json(), { code: 'FORBIDDEN' })
  t.match((await call('POST /users', {}, ada, 'first')).json(), { code: 'TOKEN_MISSING' })

  t.match((await call('POST /users', admin, ada, 'another')).json(), { code: 'USERNAME_TAKEN' })
  t.equal((await db.selectFrom('idempotency').select('key_hash').execute()).length, 1)
  await db.deleteFrom('users').where('username_key', '=', 'ada').execute()
  const now = await call('POST /users', admin, ada, 'another')
  t.equal(now.statusCode, 201, 'the key is still good')
  t.equal(now.headers['idempotency-replayed'], 'false')
})

test('at rest nobody reads anything, a replay hashes no password, and after a day the key is free', async (t) => {
  const { app, db, as, call } = await idempotent(t)
  const admin = await as('admin')
  let hashed = 0
  const hashes = app.passwords.hash.bind(app.passwords)
  app.passwords.hash = (text) => {
    hashed++
    return hashes(text)
  }
  const ada = { username: 'ada', password, role: 'user' }
  const send = () => call('POST /users', admin, ada, 'the-key-itself')
  t.equal((await send()).statusCode, 201)
  t.equal((await send()).headers['idempotency-replayed'], 'true')
  t.equal(hashed, 1)

  const rows = await db.selectFrom('idempotency').selectAll().execute()
  t.equal(rows.length, 1)
  const { answer = '', fingerprint = '', expires_at = '' } = rows[0] ?? {}
  const stored = Buffer.concat([
    Buffer.from(JSON.stringify(rows)),
    Buffer.from(answer, 'base64url')
  ]).toString('latin1')
  for (const text of ['ada', password, 'the-key-itself', '/users', '201'])
    t.notOk(stored.replace(expires_at, '').includes(text), `${text} is not to be seen`)
  await call('POST /users', admin, { ...ada, username: 'ada2' }, 'other')
  await db.deleteFrom('users').where('username_key', '=', 'ada2').execute()
  await call('POST /users', admin, { ...ada, username: 'ada2' }, 'third')
  const prints = (await db.selectFrom('idempotency').select('fingerprint').execute()).map(
    (row) => row.fingerprint
  )
  t.equal(new Set(prints).size, 3, 'not even whether two requests were equal')
  t.ok(prints.includes(fingerprint))

  const day = 86_400_000
  t.ok(Math.abs(Date.parse(expires_at) - Date.now() - day) < 60_000)
  const late = new Date(Date.now() - 1).toISOString()
  await db.updateTable('idempotency').set({ expires_at: late }).execute()
  t.match((await send()).json(), { code: 'USERNAME_TAKEN' }, 'it is done anew')
  await db.deleteFrom('users').where('username_key', '=', 'ada').execute()
  t.match((await send()).headers, { 'idempotency-replayed': 'false' })
  t.equal((await cleanUp(db, app.config))['idempotency'], 2, 'and cleaned up')
  t.match((await send()).headers, { 'idempotency-replayed': 'true' }, 'which leaves those of today')
})

test('a route that cannot be done once stops the start', async (t) => {
  const routes = (method: 'GET' | 'POST', idempotent: unknown) =>
    build(t, {}, async (app) => {
      app.route({
        method,
        url: '/once',
        config: { access: 'public', ...({ idempotent } as object) },
        handler: () => ''
      })
    })
  await t.rejects(routes('GET', true), { message: /GET \/once cannot be idempotent/ })
  await t.rejects(routes('POST', false), { message: /POST \/once cannot be idempotent/ })
})
