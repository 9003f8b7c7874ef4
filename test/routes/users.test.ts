import type { FastifyInstance } from 'fastify'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { build } from '../helper.ts'
import { temporaryFolder } from '../process.ts'

type Headers = Record<string, string>

const password = 'a walk in the rain'

const create = (app: FastifyInstance, headers: Headers, username: string, role = 'user') =>
  app.inject({ method: 'POST', url: '/users', headers, payload: { username, password, role } })

/** A new account: its id and its ETag. */
async function made(app: FastifyInstance, headers: Headers, username: string, role = 'user') {
  const answer = await create(app, headers, username, role)
  return { id: answer.json<{ id: number }>().id, etag: String(answer.headers['etag']) }
}

const patch = (app: FastifyInstance, headers: Headers, id: number, payload: object, etag?: string) =>
  app.inject({
    method: 'PATCH',
    url: `/users/${id}`,
    headers: { ...headers, ...(etag && { 'if-match': etag }) },
    payload
  })

const remove = (app: FastifyInstance, headers: Headers, id: number, etag = '*') =>
  app.inject({ method: 'DELETE', url: `/users/${id}`, headers: { ...headers, 'if-match': etag } })

const status = async (app: FastifyInstance, headers: Headers) =>
  (await app.inject({ url: '/protected', headers })).statusCode

test('an account is created, read, changed and deleted', async (t) => {
  const { app, as } = await build(t)
  const headers = await as('admin')
  const created = await create(app, headers, 'Ada.Lovelace', 'user')
  t.equal(created.statusCode, 201)
  const { id } = created.json<{ id: number }>()
  t.equal(created.headers.location, `/users/${id}`)
  t.match(created.json(), { username: 'Ada.Lovelace', role: 'user', status: 'active', created_at: /Z$/ })
  t.notMatch(created.body, /hash|password/)

  const read = await app.inject({ url: `/users/${id}`, headers })
  t.same(read.json(), created.json())
  t.equal(read.headers.etag, created.headers.etag)
  const condition = { ...headers, 'if-none-match': String(read.headers.etag) }
  t.match(await app.inject({ url: `/users/${id}`, headers: condition }), { statusCode: 304, body: '' })

  const changed = await patch(app, headers, id, { username: 'ada' }, String(read.headers.etag))
  t.equal(changed.statusCode, 200)
  t.match(changed.json(), { id, username: 'ada', role: 'user' })
  t.not(changed.headers.etag, read.headers.etag)

  t.equal((await remove(app, headers, id, String(changed.headers.etag))).statusCode, 204)
  t.match((await app.inject({ url: `/users/${id}`, headers })).json(), {
    status: 404,
    code: 'USER_NOT_FOUND'
  })
  const again = await made(app, headers, 'ada')
  t.ok(again.id > id, 'an id is never given out again')
})

test('a change names the state that it is for', async (t) => {
  const { app, as } = await build(t)
  const headers = await as('admin')
  const { id, etag } = await made(app, headers, 'ada')
  t.match((await patch(app, headers, id, { status: 'disabled' })).json(), { status: 428 })
  const others = [
    '"99"',
    'W/"99"',
    '"99-gzip"',
    '"1-x"',
    '"1-gzip-x"',
    '"11-gzip"',
    '"", "-gzip"',
    '1',
    '1-gzip',
    ''
  ]
  for (const other of others)
    t.match(
      (await patch(app, headers, id, { status: 'disabled' }, other || '""')).json(),
      { status: 412 },
      other
    )
  const deletion = await app.inject({ method: 'DELETE', url: `/users/${id}`, headers })
  t.match(deletion.json(), { status: 428, code: 'PRECONDITION_REQUIRED' })
  t.match((await remove(app, headers, id, '"99"')).json(), { status: 412 })

  const both = await Promise.all([
    patch(app, headers, id, { username: 'first' }, etag),
    patch(app, headers, id, { username: 'second' }, etag)
  ])
  t.same(
    both.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b),
    [200, 412]
  )
})

test('a tag that a proxy has marked on the way names the same state', async (t) => {
  const { app, as } = await build(t)
  const headers = await as('admin')
  const { id } = await made(app, headers, 'ada')
  const read = async () => String((await app.inject({ url: `/users/${id}`, headers })).headers.etag)
  const marks: ((tag: string) => string)[] = [
    (tag) => `W/${tag}`,
    (tag) => tag.replace(/"$/, '-gzip"'),
    (tag) => tag.replace(/"$/, ';gzip"'),
    (tag) => `W/${tag.replace(/"$/, '-br"')}`,
    (tag) => tag.replace(/"$/, '--gzip"'),
    (tag) => `"99-gzip",  ${tag.replace(/"$/, '-zstd"')} , "x"`
  ]
  for (const [index, mark] of marks.entries()) {
    const before = await read()
    const tag = mark(before)
    const condition = { ...headers, 'if-none-match': tag }
    t.equal((await app.inject({ url: `/users/${id}`, headers: condition })).statusCode, 304, tag)
    t.equal((await patch(app, headers, id, { username: `ada${index}` }, tag)).statusCode, 200, tag)
    t.equal((await patch(app, headers, id, { username: 'eve' }, tag)).statusCode, 412, 'once')
  }
})

test('twenty creations of one name at once make one account', async (t) => {
  const { app, db, as } = await build(t)
  const headers = await as('admin')
  const names = ['grace', 'Grace', 'GRACE', '\uff47race']
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) => create(app, headers, names[index % 4] ?? ''))
  )
  const count = (code: number) => answers.filter(({ statusCode }) => statusCode === code).length
  t.same([count(201), count(409)], [1, 19])
  t.equal((await db.selectFrom('users').where('username_key', '=', 'grace').select('id').execute()).length, 1)
  const { id } = answers.find(({ statusCode }) => statusCode === 201)?.json<{ id: number }>() ?? { id: 0 }
  const deletions = await Promise.all(Array.from({ length: 10 }, () => remove(app, headers, id)))
  t.same(
    deletions.map(({ statusCode }) => statusCode).toSorted((a, b) => a - b),
    [204, ...Array<number>(9).fill(404)]
  )
})

test('usernames are 3 to 50 letters, marks, digits or . _ @ + - in form NFKC', async (t) => {
  const { app, as } = await build(t)
  const headers = await as('admin')
  for (const name of [
    'ab',
    'a'.repeat(51),
    '.ada',
    'a da',
    'a\u0000da',
    'a\nda',
    'ada\u202e',
    'ad\ud800a',
    'ada/eve',
    ''
  ]) {
    t.equal((await create(app, headers, name)).statusCode, 400, JSON.stringify(name))
  }
  t.equal((await create(app, headers, '\ufdfa')).statusCode, 400, 'too short as it is written')
  const wide = await create(app, headers, '\uff21da\u0308m')
  t.equal(wide.json<{ username: string }>().username, 'Ad\u00e4m')
  t.equal((await create(app, headers, 'ad\u00c4m')).statusCode, 409)
  t.equal((await create(app, headers, '\u5c71\u7530\u592a\u90ce')).statusCode, 201)
})

test('members that are not to be set are refused, not ignored', async (t) => {
  const { app, as } = await build(t)
  const headers = await as('admin')
  const { id, etag } = await made(app, headers, 'ada')
  for (const extra of [
    { id: 7 },
    { created_at: 'now' },
    { is_admin: true },
    { password_hash: 'x' },
    { __proto__x: 1 }
  ]) {
    t.equal((await patch(app, headers, id, { username: 'eve', ...extra }, etag)).statusCode, 400)
  }
  t.equal((await patch(app, headers, id, {}, etag)).statusCode, 400)
  t.match((await patch(app, headers, id, { role: 'emperor' }, etag)).json(), {
    status: 400,
    code: 'ROLE_UNKNOWN'
  })
  t.equal((await app.inject({ url: `/users/${id}`, headers })).headers.etag, etag, 'nothing was changed')
  for (const wrong of ['0', '-1', '1.5', '1e1', '0x1', 'abc', '99999999999999999999', 'Infinity', '%201']) {
    t.equal((await app.inject({ url: `/users/${wrong}`, headers })).statusCode, 400, wrong)
  }
})

test('disabling, demoting, deleting and a new password count from the next request on', async (t) => {
  const { app, as, session } = await build(t)
  const headers = await as('admin')
  const boss = await made(app, headers, 'boss', 'admin')
  const { headers: asBoss } = await session('boss')
  t.equal((await app.inject({ url: '/admin', headers: asBoss })).statusCode, 200)
  const demoted = await patch(app, headers, boss.id, { role: 'user' }, boss.etag)
  t.equal(demoted.statusCode, 200)
  t.equal((await app.inject({ url: '/admin', headers: asBoss })).statusCode, 403)
  t.equal(await status(app, asBoss), 200, 'the session itself goes on')

  const set = await app.inject({
    method: 'POST',
    url: `/users/${boss.id}/password`,
    headers,
    payload: { password: 'another walk in the rain' }
  })
  t.equal(set.statusCode, 204)
  t.equal(await status(app, asBoss), 401)

  const next = await session('boss')
  t.equal(await status(app, next.headers), 200)
  const disabled = await patch(app, headers, boss.id, { status: 'disabled' }, '*')
  t.equal(await status(app, next.headers), 401)
  t.equal(
    (await patch(app, headers, boss.id, { status: 'active' }, String(disabled.headers.etag))).statusCode,
    200
  )
  t.equal(await status(app, next.headers), 401, 'a session does not come back with the account')

  const last = await session('boss')
  t.equal(await status(app, last.headers), 200)
  t.equal((await remove(app, headers, boss.id)).statusCode, 204)
  t.equal(await status(app, last.headers), 401)
  const refreshed = await app.inject({
    method: 'POST',
    url: '/refresh',
    payload: { refresh_token: last.refreshToken }
  })
  t.equal(refreshed.statusCode, 401)
  await made(app, headers, 'boss')
  t.equal(await status(app, last.headers), 401, 'a new account of the name inherits nothing')
})

test('no request that starts after a demotion was acknowledged is served as an administrator', async (t) => {
  const { app, as } = await build(t)
  const headers = await as('admin')
  const { id, etag } = await made(app, headers, 'boss', 'admin')
  const asBoss = await as('boss')
  let acknowledged = false
  let served = 0
  const hammer = async () => {
    for (let request = 0; request < 100; request++) {
      const late = acknowledged
      const { statusCode } = await app.inject({ url: '/admin', headers: asBoss })
      if (late && statusCode === 200) served++
    }
  }
  const demote = async () => {
    t.equal((await patch(app, headers, id, { role: 'user' }, etag)).statusCode, 200)
    acknowledged = true
  }
  await Promise.all([hammer(), hammer(), demote(), hammer()])
  t.equal(served, 0)
})

test('the last active administrator stays, also when two are removed at once', async (t) => {
  const { app, db, as } = await build(t)
  const headers = await as('admin')
  for (const payload of [{ role: 'user' }, { status: 'disabled' }]) {
    t.match((await patch(app, headers, 1, payload, '*')).json(), { status: 409, code: 'LAST_ADMIN' })
  }
  t.match((await remove(app, headers, 1)).json(), { status: 409, code: 'LAST_ADMIN' })
  t.equal(await status(app, headers), 200, 'nothing was changed')

  for (let round = 0; round < 5; round++) {
    const name = `deputy${round}`
    const { id } = await made(app, await as('admin'), name, 'admin')
    const [admin, deputy] = [await as('admin'), await as(name)]
    await Promise.all([
      patch(app, admin, id, round % 2 ? { role: 'user' } : { status: 'disabled' }, '*'),
      remove(app, deputy, 1)
    ])
    const left = await db
      .selectFrom('users')
      .select('username')
      .where('role', '=', 'admin')
      .where('status', '=', 'active')
      .execute()
    t.equal(left.length, 1)
    if (left[0]?.username !== 'admin') break
  }
})

test('nobody can make an account mightier than themselves, or lay hands on one that is', async (t) => {
  const { app, as } = await build(t)
  const admin = await as('admin')
  const role = {
    name: 'clerk',
    description: 'Keeps accounts',
    permissions: ['users:read', 'users:write', 'users:delete', 'sessions:write'],
    requests_per_minute: 20
  }
  t.equal(
    (await app.inject({ method: 'POST', url: '/roles', headers: admin, payload: role })).statusCode,
    201
  )
  await made(app, admin, 'clerk', 'clerk')
  const clerk = await as('clerk')

  t.match((await create(app, clerk, 'crony', 'admin')).json(), {
    status: 403,
    code: 'BEYOND_OWN_PERMISSIONS'
  })
  const plain = await made(app, clerk, 'plain')
  t.match((await patch(app, clerk, plain.id, { role: 'admin' }, plain.etag)).json(), { status: 403 })
  t.equal((await patch(app, clerk, plain.id, { role: 'clerk' }, plain.etag)).statusCode, 200)

  const against = [
    patch(app, clerk, 1, { status: 'disabled' }, '*'),
    remove(app, clerk, 1),
    app.inject({ method: 'POST', url: '/users/1/password', headers: clerk, payload: { password } }),
    app.inject({ method: 'DELETE', url: '/users/1/sessions', headers: clerk })
  ]
  for (const answer of await Promise.all(against)) {
    t.match(answer.json(), { status: 403, code: 'BEYOND_OWN_PERMISSIONS', permission: String })
  }
  t.equal(await status(app, admin), 200)
})

test('nobody sets their own password without the current one, whatever they may do to others', async (t) => {
  const { app, db, as } = await build(t)
  const headers = await as('admin')
  const hashes = () => db.selectFrom('users').select('password_hash').orderBy('id').execute()
  const before = await hashes()
  const set = (id: number) =>
    app.inject({ method: 'POST', url: `/users/${id}/password`, headers, payload: { password } })
  t.match((await set(1)).json(), { status: 409, code: 'USE_OWN_PASSWORD' })
  t.same(await hashes(), before)
  t.equal(await status(app, headers), 200, 'the session goes on')
  t.equal((await set(2)).statusCode, 204)
})

// A SQLite file is read in a way of its own.
const databases = {
  'in the database of the suite': () => ({}),
  'in a file': (t: Test) => ({ DATABASE_URL: `file:${join(temporaryFolder(t), 'users.db')}` })
}
for (const [where, env] of Object.entries(databases)) {
  test(`the list is filtered, sorted and paged to its real end, ${where}`, async (t) => {
    const { app, as } = await build(t, env(t))
    const headers = await as('admin')
    for (const name of ['Zoe', 'adam', 'Ada', 'adb', 'bob']) await made(app, headers, name)
    const names = async (query: string) => {
      const found: string[] = []
      let cursor = ''
      for (;;) {
        const answer = await app.inject({ url: `/users?${query}${cursor}`, headers })
        t.equal(answer.statusCode, 200, query)
        const page = answer.json<{ users: { username: string }[]; next_cursor: string | null }>()
        found.push(...page.users.map(({ username }) => username))
        if (page.next_cursor === null) return found
        t.ok(page.users.length > 0)
        cursor = `&cursor=${page.next_cursor}`
      }
    }
    const all = ['admin', 'user', 'Zoe', 'adam', 'Ada', 'adb', 'bob']
    t.same(await names(''), all)
    for (const limit of [1, 2, 3, 7]) t.same(await names(`limit=${limit}`), all)
    t.same(await names('sort=username&limit=2'), ['Ada', 'adam', 'adb', 'admin', 'bob', 'user', 'Zoe'])
    t.same(await names('q=AD&sort=username&limit=1'), ['Ada', 'adam', 'adb', 'admin'])
    t.same(await names('q=%25'), [])
    t.same(await names('role=admin'), ['admin'])
    t.same(await names('status=disabled'), [])

    const byName = await app.inject({ url: '/users?sort=username&limit=1', headers })
    const { next_cursor } = byName.json<{ next_cursor: string }>()
    t.match((await app.inject({ url: `/users?cursor=${next_cursor}`, headers })).json(), {
      status: 400,
      code: 'CURSOR_REFUSED'
    })
    for (const wrong of [
      'limit=0',
      'limit=201',
      'limit=1e1',
      'limit=Infinity',
      'cursor=!',
      'sort=role',
      'page=2',
      'limit=1&limit=2'
    ]) {
      t.equal((await app.inject({ url: `/users?${wrong}`, headers })).statusCode, 400, wrong)
    }
  })
}

test('an administrator sees and ends the sessions of an account', async (t) => {
  const { app, as, session } = await build(t)
  const headers = await as('admin')
  const [one, two] = [await session('user'), await session('user')]
  const list = await app.inject({ url: `/users/${one.id}/sessions`, headers })
  t.same(
    new Set(list.json<{ sessions: { id: string }[] }>().sessions.map(({ id }) => id)),
    new Set([one.sessionId, two.sessionId])
  )
  t.equal((await app.inject({ url: '/users/999/sessions', headers })).statusCode, 404)
  t.equal((await app.inject({ method: 'DELETE', url: `/users/${one.id}/sessions`, headers })).statusCode, 204)
  t.same(
    [await status(app, one.headers), await status(app, two.headers), await status(app, headers)],
    [401, 401, 200]
  )
})

test('callers read and rename themselves, and see what they may do', async (t) => {
  const { app, as } = await build(t)
  const headers = await as('user')
  const me = (await app.inject({ url: '/me', headers })).json<object>()
  t.match(me, {
    username: 'user',
    role: 'user',
    permissions: [],
    requests_per_minute: 10,
    session_id: String
  })
  t.match((await app.inject({ url: '/me', headers: await as('admin') })).json(), {
    requests_per_minute: 100,
    permissions: ['admin:read']
  })

  const rename = (payload: object) => app.inject({ method: 'PATCH', url: '/me', headers, payload })
  t.match((await rename({ username: 'ADMIN' })).json(), { status: 409, code: 'USERNAME_TAKEN' })
  t.equal((await rename({ role: 'admin' })).statusCode, 400)
  t.match((await rename({ username: 'Somebody' })).json(), { username: 'Somebody' })
  t.match((await app.inject({ url: '/protected', headers })).json(), { message: 'Welcome Somebody!' })
})

test('whose account or session is gone in the database is a 401, not a 404, and changes nothing', async (t) => {
  const { app, db, session } = await build(t)
  const { id, headers, sessionId } = await session('user')
  const calls = [
    { method: 'GET', url: '/me' },
    { method: 'PATCH', url: '/me', payload: { username: 'ada' } },
    {
      method: 'PUT',
      url: '/me/password',
      payload: { current_password: 'password123', new_password: 'a walk in the early rain' }
    }
  ] as const
  const statuses = async () => {
    // Known from now on, for a second: the database says otherwise in the meantime.
    const answers = []
    for (const call of calls) answers.push((await app.inject({ ...call, headers })).statusCode)
    return answers
  }
  t.equal((await app.inject({ url: '/me', headers })).statusCode, 200)
  await db.deleteFrom('sessions').where('id', '=', sessionId).execute()
  t.same((await statuses()).slice(1), [401, 401], 'the session')
  const kept = await db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
  t.equal(kept.username, 'user')

  const other = await session('user')
  t.equal((await app.inject({ url: '/me', headers: other.headers })).statusCode, 200)
  await db.deleteFrom('users').where('id', '=', id).execute()
  for (const call of calls.slice(0, 2)) {
    const answer = await app.inject({ ...call, headers: other.headers })
    t.equal(answer.statusCode, 401, call.method)
    t.match(answer.json(), { code: 'TOKEN_INVALID' })
    t.match(answer.headers['www-authenticate'], 'invalid_token')
  }
})

test('whose account is gone in the database makes no key and sends no mail', async (t) => {
  const { app, db, session } = await build(t)
  const { id, headers } = await session('admin')
  t.equal((await app.inject({ url: '/me', headers })).statusCode, 200)
  await db.deleteFrom('users').where('id', '=', id).execute()
  const key = '/me/keys/4fKq0ZbT7xLm'
  for (const call of [
    { method: 'POST', url: '/me/keys', payload: { name: 'x', permissions: [] } },
    { method: 'PATCH', url: key, payload: { name: 'x' } },
    { method: 'POST', url: `${key}/rotation` },
    { method: 'DELETE', url: key },
    { method: 'POST', url: '/mail/test', payload: { email: 'ada@example.com' } }
  ] as const) {
    const answer = await app.inject({ ...call, headers })
    t.match(answer.json(), { status: 401, code: 'TOKEN_INVALID' }, `${call.method} ${call.url}`)
  }
})
