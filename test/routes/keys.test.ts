import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { newKey, readKey } from '../../core/keys/form.ts'
import { build } from '../helper.ts'
import { root } from '../process.ts'
import { until } from '../until.ts'

interface Made {
  id: string
  key: string
  user_id: number
  permissions: string[]
  allowed_networks: string[]
  created_at: string
  expires_at: string
  replaced_by: string | null
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

/** The whole service, with what makes and uses keys. */
async function withKeys(t: Parameters<typeof build>[0], env: Record<string, string> = {}) {
  const service = await build(t, env)
  const { app, db } = service
  const call = (
    operation: string,
    headers: Record<string, string>,
    payload?: object,
    more: { remoteAddress?: string } = {}
  ) => {
    const [method, url] = operation.split(' ') as ['GET', string]
    return app.inject({ method, url, headers, ...(payload && { payload }), ...more })
  }
  const make = async (headers: Record<string, string>, wanted: object = {}, path = '/me/keys') => {
    const answer = await call(`POST ${path}`, headers, { name: 'A test', permissions: [], ...wanted })
    if (answer.statusCode !== 201) throw new Error(answer.body)
    return answer.json<Made>()
  }
  const idOf = async (username: string) =>
    (await db.selectFrom('users').select('id').where('username_key', '=', username).executeTakeFirstOrThrow())
      .id
  return { ...service, call, make, idOf }
}

test('a key is found by scanners, shown once, and stored as a hash', async (t) => {
  const { db, as, call, make } = await withKeys(t)
  const admin = await as('admin')
  const scanner = /```text scanner\n(.*)\n```/.exec(readFileSync(join(root, 'docs/contract.md'), 'utf8'))?.[1]
  const answer = await call('POST /me/keys', admin, { name: 'Report', permissions: ['users:read'] })
  const made = answer.json<Made>()
  t.equal(answer.headers['cache-control'], 'no-store')
  t.equal(answer.headers.location, `/me/keys/${made.id}`)
  t.match(`export TOKEN=${made.key};`, new RegExp(scanner ?? '(?!)'))
  const days = (Date.parse(made.expires_at) - Date.parse(made.created_at)) / 86_400_000
  t.equal(days, 90)

  const secret = made.key.split('_')[2] ?? ''
  for (const table of ['api_keys', 'audit', 'mail_outbox'] as const)
    t.notOk(JSON.stringify(await db.selectFrom(table).selectAll().execute()).includes(secret), table)
  const listed = await call('GET /me/keys', admin)
  t.notOk(listed.body.includes(secret))
  t.match(listed.json(), { keys: [{ id: made.id, name: 'Report', last_used_at: null }] })
  t.notOk('key' in (await call(`GET ${String(answer.headers.location)}`, admin)).json())

  t.same(readKey(made.key)?.id, made.id)
  for (const typo of [
    made.key.slice(0, -1),
    `${made.key}0`,
    made.key.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a'))
  ])
    t.equal(readKey(typo), undefined, typo)
  t.equal(
    (await call('POST /me/keys', admin, { name: 'x', permissions: [], expires_in_days: 367 })).statusCode,
    400
  )
  await make(admin, { expires_in_days: 366 })
})

test('a key may do what it was given, as far as its owner still may', async (t) => {
  const { app, db, as, call, make, idOf } = await withKeys(t)
  const admin = await as('admin')
  const created = await call('POST /users', admin, {
    username: 'owner',
    password: 'a walk in the rain',
    role: 'admin'
  })
  const { id } = created.json<{ id: number }>()
  const owner = await as('owner')
  const key = bearer((await make(owner, { permissions: ['users:read', 'roles:read'] })).key)
  const can = async (path: string) => (await call(`GET ${path}`, key)).statusCode
  t.same([await can('/users'), await can('/roles'), await can('/audit')], [200, 200, 403])
  t.match((await call('GET /me', key)).json(), {
    id,
    session_id: null,
    permissions: ['users:read', 'roles:read']
  })
  const other = await make(owner, { permissions: ['audit:read'] })
  const change = (payload: object) =>
    call(`PATCH /users/${id}`, { ...admin, 'if-match': '*' }, payload).then(({ statusCode }) => statusCode)

  t.equal(await change({ role: 'user' }), 200)
  t.same([await can('/users'), await can('/me')], [403, 200], 'a demotion counts at once')
  t.match((await call('GET /me', key)).json(), { permissions: [] })
  t.equal(await change({ role: 'admin' }), 200)
  t.equal(await can('/users'), 200)
  t.equal(await change({ status: 'disabled' }), 200)
  t.equal(await can('/users'), 401)
  t.equal(await change({ status: 'active' }), 200)
  t.equal(await can('/users'), 200, 'a key outlives that, unlike a session')

  const changed = await call(`PATCH /me/keys/${other.id}`, await as('owner'), { permissions: [] })
  t.equal(changed.statusCode, 200)
  t.equal((await call('GET /audit', bearer(other.key))).statusCode, 403)
  t.equal((await call(`DELETE /me/keys/${other.id}`, await as('owner'))).statusCode, 204)
  t.equal((await call('GET /me', bearer(other.key))).statusCode, 401)
  const late = new Date(Date.now() - 1).toISOString()
  await db.updateTable('api_keys').set({ expires_at: late }).where('user_id', '=', id).execute()
  await call('DELETE /cache?tag=api_keys', admin)
  await app.inject({
    method: 'PATCH',
    url: `/users/${id}`,
    headers: { ...admin, 'if-match': '*' },
    payload: { username: 'owner2' }
  })
  t.equal(await can('/me'), 401, 'expired')
  await call(`DELETE /users/${id}`, { ...admin, 'if-match': '*' })
  t.same(await db.selectFrom('api_keys').select('id').where('user_id', '=', id).execute(), [])
  t.ok(await idOf('admin'))
})

test('what takes a session is closed to every key', async (t) => {
  const { app, as, call, make } = await withKeys(t)
  const { permissions } = (await call('GET /me', await as('admin'))).json<{ permissions: string[] }>()
  const made = await make(await as('admin'), { permissions })
  const key = { ...bearer(made.key), 'if-match': '*' }
  const closed: string[] = []
  for (const [path, operations] of Object.entries(app.openapi.v31().paths ?? {}))
    for (const [method, operation] of Object.entries(operations ?? {}))
      if ('x-step-up' in Object(operation))
        closed.push(`${method.toUpperCase()} ${path.replaceAll(/\{\w+\}/g, '1')}`)
  t.ok(
    closed.includes('POST /roles') && closed.includes('POST /me/keys') && closed.includes('PUT /me/password')
  )
  const uuid = '0b6f2f52-6f4e-4f0f-9d2b-1c3f5a7e9b10'
  closed.push('POST /logout', 'POST /logout?scope=all', 'GET /me/sessions', `DELETE /me/sessions/${uuid}`)
  closed.push(
    'POST /me/reauthentication',
    'PATCH /me',
    'GET /me/keys',
    'GET /me/passkeys',
    'PATCH /me/passkeys/AAAAAAAAAAAAAAAAAAAAAA',
    `GET /me/keys/${made.id}`
  )
  closed.push(`DELETE /me/keys/${made.id}`, 'DELETE /users/1/sessions', `DELETE /users/1/sessions/${uuid}`)
  for (const operation of closed) {
    const answer = await call(operation, key)
    t.match([answer.statusCode, answer.json()], [403, { code: 'SESSION_NEEDED' }], operation)
  }
  t.equal((await call('POST /refresh', key)).statusCode, 401)
  t.equal((await call('GET /users', key)).statusCode, 200)
})

test('nobody gives what they lack, nor reaches the keys of others', async (t) => {
  const { app, as, call, make, idOf } = await withKeys(t)
  const admin = await as('admin')
  const role = { name: 'keeper', description: 'Keeps keys', requests_per_minute: 3 }
  await call('POST /roles', admin, { ...role, permissions: ['keys:read', 'keys:write', 'users:read'] })
  await call('POST /users', admin, { username: 'keeper', password: 'a walk in the rain', role: 'keeper' })
  const [user, keeper] = [await as('user'), await as('keeper')]
  const [userId, adminId] = [await idOf('user'), await idOf('admin')]
  const wanted = { name: 'Too much', permissions: ['users:read'] }
  t.match((await call('POST /me/keys', user, wanted)).json(), { code: 'BEYOND_OWN_PERMISSIONS' })
  t.match((await call(`POST /users/${userId}/keys`, user, wanted)).json(), { code: 'FORBIDDEN' })
  t.match((await call(`POST /users/${adminId}/keys`, keeper, wanted)).json(), {
    code: 'BEYOND_OWN_PERMISSIONS'
  })
  t.match(
    (await call(`POST /users/${userId}/keys`, keeper, { ...wanted, permissions: ['audit:read'] })).json(),
    { code: 'BEYOND_OWN_PERMISSIONS' }
  )
  t.equal((await call('POST /users/4711/keys', keeper, wanted)).statusCode, 404)

  const ofAdmin = await make(admin, { permissions: ['audit:read'] })
  const ofUser = await make(keeper, { permissions: ['users:read'] }, `/users/${userId}/keys`)
  t.equal((await call('GET /users', bearer(ofUser.key))).statusCode, 403, 'what the owner lacks is no right')
  t.match((await call('GET /me', bearer(ofUser.key))).json(), { username: 'user', key_id: ofUser.id })
  for (const operation of ['GET', 'DELETE', 'PATCH'])
    for (const [path, headers] of [
      [`/me/keys/${ofAdmin.id}`, user],
      [`/users/${userId}/keys/${ofAdmin.id}`, keeper]
    ] as const) {
      const body = operation === 'PATCH' ? { name: 'Mine' } : undefined
      t.match(
        (await call(`${operation} ${path}`, headers, body)).json(),
        { code: 'KEY_NOT_FOUND' },
        `${operation} ${path}`
      )
    }
  t.equal((await call(`POST /me/keys/${ofAdmin.id}/rotation`, user)).statusCode, 404)
  const theirs = `/users/${adminId}/keys/${ofAdmin.id}`
  for (const operation of [`DELETE ${theirs}`, `POST ${theirs}/rotation`])
    t.match((await call(operation, keeper)).json(), { code: 'BEYOND_OWN_PERMISSIONS' }, operation)
  t.equal((await call('GET /audit', bearer(ofAdmin.key))).statusCode, 200, 'it is as it was')

  const guessed = newKey().key
  const mixed = ofUser.key.slice(0, 16) + guessed.slice(16)
  for (const bad of [guessed, mixed, ofUser.key.replace(ofUser.id, ofAdmin.id)])
    t.equal((await call('GET /me', bearer(bad))).statusCode, 401)
  t.match(
    (
      await app.inject({
        url: '/me',
        headers: { authorization: `Bearer ${ofUser.key}, Bearer ${ofAdmin.key}` }
      })
    ).json(),
    { code: 'TOKEN_REPEATED' }
  )
  t.equal((await app.inject(`/me?access_token=${ofUser.key}`)).statusCode, 401)
})

test('a key is good from its networks alone, and as often as its own limit says', async (t) => {
  const { as, call, make } = await withKeys(t, { RATE_LIMIT_DEFAULT: '1000' })
  const user = await as('user')
  const here = await make(user, { allowed_networks: ['203.0.113.0/24', '2001:db8::/32'] })
  const from = async (remoteAddress: string) =>
    (await call('GET /me', bearer(here.key), undefined, { remoteAddress })).statusCode
  t.same(
    [await from('203.0.113.7'), await from('::ffff:203.0.113.7'), await from('2001:db8::7')],
    [200, 200, 200]
  )
  t.same([await from('198.51.100.7'), await from('127.0.0.1'), await from('2001:db9::7')], [403, 403, 403])
  const elsewhere = await call('GET /me', bearer(here.key), undefined, { remoteAddress: '198.51.100.7' })
  t.match(elsewhere.json(), { code: 'NETWORK_NOT_ALLOWED' })
  const once = await make(user, { allowed_networks: ['192.0.2.1', '192.0.2.1/32', '::ffff:192.0.2.1'] })
  t.same(once.allowed_networks, ['192.0.2.1/32'], 'however often and however it is written')
  for (const bad of ['203.0.113.0/33', '1.2.3', '::ffff:1.2.3.4/64'])
    t.match(
      (await call('POST /me/keys', user, { name: 'x', permissions: [], allowed_networks: [bad] })).statusCode,
      400,
      bad
    )

  const slow = await make(user, { requests_per_minute: 2 })
  const first = await call('GET /me', bearer(slow.key))
  t.match(first.headers, {
    'ratelimit-limit': '2',
    'ratelimit-remaining': '1',
    'ratelimit-policy': '"default";q=1000;w=60, "key";q=2;w=60',
    ratelimit: /^"default";r=\d+;t=\d+, "key";r=1;t=\d+$/
  })
  const { limits } = (await call('GET /me/limits', bearer(slow.key))).json<{ limits: { name: string }[] }>()
  t.match(limits[1], { name: 'key', by: 'key', requests: 2, remaining: 0 })
  const third = await call('GET /me', bearer(slow.key))
  t.match([third.statusCode, third.json()], [429, { code: 'RATE_LIMITED' }])
  t.equal((await call('GET /me', user)).statusCode, 200, 'its owner goes on')
})

test('a rotated key overlaps with its successor for a day, and is rotated once', async (t) => {
  const { as, call, make, db } = await withKeys(t)
  const admin = await as('admin')
  const old = await make(admin, { permissions: ['audit:read'], expires_in_days: 30 })
  const answers = await Promise.all([1, 2, 3].map(() => call(`POST /me/keys/${old.id}/rotation`, admin)))
  t.same(answers.map(({ statusCode }) => statusCode).sort(), [201, 409, 409])
  const next = answers.find(({ statusCode }) => statusCode === 201)?.json<Made>()
  if (!next) throw new Error('one has rotated it')
  for (const { key } of [old, next]) t.equal((await call('GET /audit', bearer(key))).statusCode, 200)
  const { expires_at, replaced_by } = (await call(`GET /me/keys/${old.id}`, admin)).json<Made>()
  t.equal(replaced_by, next.id)
  t.ok(Math.abs(Date.parse(expires_at) - Date.now() - 86_400_000) < 60_000)
  t.equal(Date.parse(next.expires_at) - Date.parse(next.created_at), 30 * 86_400_000)

  const [withdrawn, rotated] = await Promise.all([
    call(`DELETE /me/keys/${next.id}`, admin),
    call(`POST /me/keys/${next.id}/rotation`, admin)
  ])
  t.equal(withdrawn.statusCode, 204)
  t.ok([201, 404].includes(rotated.statusCode))
  t.equal((await call('GET /me', bearer(next.key))).statusCode, 401, 'what was withdrawn is dead either way')
  const { count } = await db
    .selectFrom('api_keys')
    .select(({ fn }) => fn.countAll().as('count'))
    .executeTakeFirstOrThrow()
  t.equal(Number(count), rotated.statusCode === 201 ? 2 : 1)
})

test('entries name the key that acted, its last use is kept, and its owner is told of it', async (t) => {
  const { app, db, as, call, make } = await withKeys(t, {
    MAIL_URL: 'smtp://127.0.0.1:4901',
    MAIL_FROM: 'us@example.com'
  })
  const admin = await as('admin')
  await db
    .updateTable('users')
    .set({
      email: 'a@example.com',
      email_key: 'a@example.com',
      email_verified_at: '2026-01-01T00:00:00.000Z'
    })
    .where('username_key', '=', 'admin')
    .execute()
  const made = await make(admin, { permissions: ['cache:write', 'audit:read'] })
  t.match(await db.selectFrom('mail_outbox').selectAll().execute(), [{ kind: 'key', email: 'a@example.com' }])
  t.equal((await call('DELETE /cache?tag=users', bearer(made.key))).statusCode, 204)
  t.equal((await call('DELETE /cache?tag=users', admin)).statusCode, 204)
  const { entries } = (await call('GET /audit', bearer(made.key))).json<{ entries: object[] }>()
  t.match(entries, [
    { action: 'cache.purge', actor: 'admin', key_id: null },
    { action: 'cache.purge', actor: 'admin', key_id: made.id },
    { action: 'key.create', target: `key:${made.id}`, key_id: null }
  ])
  t.equal((await call(`GET /me/keys/${made.id}`, admin)).json<{ last_used_at: unknown }>().last_used_at, null)
  await app.apiKeys.uses.flush()
  const { last_used_at } = (await call(`GET /me/keys/${made.id}`, admin)).json<{ last_used_at: string }>()
  t.ok(Date.now() - Date.parse(last_used_at) < 60_000)
})

test('made-up keys are counted before they are looked up, and keep no good one out', async (t) => {
  const { db, as, call, make } = await withKeys(t, { RATE_LIMIT_DEFAULT: '8' })
  const { key } = await make(await as('user'))
  const from = { remoteAddress: '198.51.100.7' }
  t.equal((await call('GET /me', bearer(key), undefined, from)).statusCode, 200)
  const tried = []
  for (let time = 0; time < 9; time++)
    tried.push((await call('GET /protected', bearer(newKey().key), undefined, from)).statusCode)
  t.same(tried, [...Array<number>(8).fill(401), 429])
  await db.schema.alterTable('api_keys').renameTo('elsewhere').execute()
  t.equal(
    (await call('GET /protected', bearer(newKey().key), undefined, from)).statusCode,
    429,
    'it is not looked for'
  )
  t.equal((await call('GET /me', bearer(key), undefined, from)).statusCode, 200, 'a known one is good')
  await db.schema.alterTable('elsewhere').renameTo('api_keys').execute()
})

test('no request passes late: neither in a transaction, nor under load', async (t) => {
  const { db, as, call, make, idOf } = await withKeys(t)
  const admin = await as('admin')
  const { statusCode } = await call('POST /users', admin, {
    username: 'owner',
    password: 'a walk in the rain',
    role: 'admin'
  })
  t.equal(statusCode, 201)
  const owner = await as('owner')
  const id = await idOf('owner')
  const permissions = ['keys:write'] as const
  const held = await make(owner, { permissions })
  const withdraw = async () => {
    const path = `/users/${await idOf('user')}/keys`
    const { id: victim } = await make(admin, {}, path)
    return (await call(`DELETE ${path}/${victim}`, bearer(held.key))).statusCode
  }
  t.equal(await withdraw(), 204)
  // Past the API: this process remembers the key, and the transaction looks for itself.
  await db.deleteFrom('api_keys').where('id', '=', held.id).execute()
  t.equal(await withdraw(), 401)

  const key = bearer((await make(owner, { permissions: ['users:read'] })).key)
  let acknowledged = false
  let late = 0
  let passed = 0
  const caller = async () => {
    for (let rest = 60; rest > 0; rest--) {
      const began = acknowledged
      const answer = await call('GET /users', key)
      if (answer.statusCode === 200) passed++
      if (answer.statusCode === 200 && began) late++
    }
  }
  const callers = Promise.all(Array.from({ length: 6 }, caller))
  await until(() => passed > 20)
  await call(`PATCH /users/${id}`, { ...admin, 'if-match': '*' }, { role: 'user' })
  acknowledged = true
  await callers
  t.equal(late, 0)
  t.ok(passed > 20)
})

test('a service has no password, never signs in, and acts with keys alone', async (t) => {
  const { app, db, as, call, make } = await withKeys(t)
  const admin = await as('admin')
  const service = { username: 'nightly', role: 'user', kind: 'service' }
  const created = await call('POST /users', admin, service)
  t.match([created.statusCode, created.json()], [201, { kind: 'service' }])
  const { id } = created.json<{ id: number }>()
  for (const payload of [
    { ...service, username: 'other', password: 'a walk in the rain' },
    { ...service, username: 'other', kind: 'person' },
    { username: 'other', role: 'user' }
  ])
    t.match((await call('POST /users', admin, payload)).json(), { code: 'PASSWORD_FOR_KIND' })
  t.match((await call('GET /users?kind=service', admin)).json(), {
    users: [{ username: 'nightly' }],
    next_cursor: null
  })
  t.match((await call('GET /users?kind=person&sort=username', admin)).json(), {
    users: [{ username: 'admin' }, { username: 'user' }]
  })

  for (const password of ['', '!', 'a walk in the rain'])
    t.equal((await call('POST /login', {}, { username: 'nightly', password })).statusCode, 401, password)
  const set = await call(`POST /users/${id}/password`, admin, { password: 'a walk in the rain' })
  t.match(set.json(), { code: 'SERVICE_ACCOUNT' })
  t.match((await call(`POST /users/${id}/recovery`, admin)).json(), { code: 'NOT_REACHABLE' })
  // Even with a hash that somebody wrote past the API.
  const { password_hash } = await db
    .selectFrom('users')
    .select('password_hash')
    .where('username_key', '=', 'user')
    .executeTakeFirstOrThrow()
  await db.updateTable('users').set({ password_hash }).where('id', '=', id).execute()
  t.equal((await call('POST /login', {}, { username: 'nightly', password: 'password123' })).statusCode, 401)

  const { key } = await make(admin, {}, `/users/${id}/keys`)
  t.match((await call('GET /me', bearer(key))).json(), {
    username: 'nightly',
    kind: 'service',
    session_id: null
  })
  const leader = { username: 'machine', role: 'admin', kind: 'service' }
  t.equal((await call('POST /users', admin, leader)).statusCode, 201)
  const self = (await app.inject({ url: '/me', headers: admin })).json<{ id: number }>().id
  const demoted = await call(`PATCH /users/${self}`, { ...admin, 'if-match': '*' }, { role: 'user' })
  t.match(demoted.json(), { code: 'LAST_ADMIN' }, 'one that cannot sign in is no last administrator')
})

test('introspection says active of what would pass here now, and nothing else of what would not', async (t) => {
  const { app, session, as, call, make } = await withKeys(t)
  const admin = await as('admin')
  const asker = await make(admin, { permissions: ['tokens:introspect'] })
  const ask = (token: string, headers: Record<string, string> = bearer(asker.key)) =>
    app.inject({
      method: 'POST',
      url: '/introspection',
      headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
      payload: new URLSearchParams({ token, token_type_hint: 'access_token', resource: 'ignored' }).toString()
    })
  const user = await session('user')
  const active = await ask(user.token)
  t.equal(active.headers['cache-control'], 'no-store')
  t.match(active.json(), {
    active: true,
    token_type: 'access_token',
    sub: String(user.id),
    username: 'user',
    sid: user.sessionId,
    exp: Number
  })
  const made = await make(user.headers, { allowed_networks: ['203.0.113.0/24'] })
  t.match((await ask(made.key)).json(), {
    active: true,
    token_type: 'api_key',
    client_id: made.id,
    scope: '',
    allowed_networks: ['203.0.113.0/24']
  })
  await app.apiKeys.uses.flush()
  t.match(
    (await call(`GET /me/keys/${made.id}`, user.headers)).json(),
    { last_used_at: null },
    'asking is no use'
  )
  t.equal((await call(`DELETE /me/keys/${made.id}`, user.headers)).statusCode, 204)
  t.equal((await call('POST /logout', user.headers)).statusCode, 204)
  for (const token of [user.token, made.key, user.refreshToken, newKey().key, 'x', `${asker.key}0`])
    t.same((await ask(token)).json(), { active: false }, token.slice(0, 12))

  t.equal((await ask('x', {})).statusCode, 401)
  t.match((await ask('x', await as('user'))).json(), { code: 'FORBIDDEN' })
  const send = (type: string, payload: string) =>
    app.inject({
      method: 'POST',
      url: '/introspection',
      headers: { ...admin, 'content-type': type },
      payload
    })
  t.equal((await send('application/json', '{"token":"x"}')).statusCode, 415)
  t.equal((await send('application/x-www-form-urlencoded', 'token=x&token=y')).statusCode, 400)
  t.equal((await send('application/x-www-form-urlencoded', '')).statusCode, 400)
  const elsewhere = { method: 'POST', url: '/login', payload: 'username=admin' } as const
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  t.equal((await app.inject({ ...elsewhere, headers })).statusCode, 415, 'no other route takes a form')

  const second = await session('user')
  t.match((await ask(second.token)).json(), { active: true })
  await call('PATCH /roles/user', admin, { requires_mfa: true })
  t.same(
    (await ask(second.token)).json(),
    { active: false },
    'it opens nothing here before there is a factor'
  )
  t.match((await call('GET /protected', second.headers)).json(), { code: 'MFA_ENROLMENT_NEEDED' })
})
