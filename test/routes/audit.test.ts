import { test } from 'tap'
import { cleanUp } from '../../plugins/clean-up.ts'
import { build } from '../helper.ts'

interface Entry {
  id: number
  at: string
  actor: string | null
  action: string
  target: string | null
  request_id: string
  address: string
  changes: { member: string; to: string }[]
}

test('every change leaves an entry that says who, what, on what and from where, and no secret', async (t) => {
  const { app, db, as } = await build(t)
  const headers = await as('admin')
  const call = (method: 'POST' | 'PATCH' | 'PUT' | 'DELETE', url: string, payload?: object, more = {}) =>
    app.inject({ method, url, headers: { ...headers, ...more }, ...(payload && { payload }) })
  const login = (username: string, password: string) =>
    app.inject({
      method: 'POST',
      url: '/login',
      payload: { username, password },
      remoteAddress: '203.0.113.9'
    })

  await login('user', 'a wrong password')
  await login('nobody-has-this', 'a wrong password')
  await login('user', 'password123')
  await call('POST', '/register', { username: 'reg', password: 'a walk in the rain' })
  const role = { name: 'editor', description: 'Edits', permissions: ['users:read'], requests_per_minute: 3 }
  await call('POST', '/roles', role)
  await call('PATCH', '/roles/editor', { requests_per_minute: 4 })
  await call('DELETE', '/roles/editor')
  const made = await call('POST', '/users', { username: 'ada', password: 'a walk in the rain', role: 'user' })
  const { id } = made.json<{ id: number }>()
  await call(
    'PATCH',
    `/users/${id}`,
    { status: 'disabled' },
    { 'if-match': '*', 'x-request-id': 'from-outside.1' }
  )
  await call('POST', `/users/${id}/password`, { password: 'another walk in the rain' })
  await call('DELETE', `/users/${id}/sessions`)
  await call('DELETE', `/users/${id}`, undefined, { 'if-match': '*' })
  await call('PUT', '/me/password', { current_password: 'password123', new_password: 'yet another walk' })
  await call('POST', '/logout')

  const seen = await db.selectFrom('audit').selectAll().orderBy('id').execute()
  t.same(
    seen.map(({ actor, action, target }) => [actor, action, target?.replace(/session:.*/, 'session:')]),
    [
      [null, 'session.refuse', 'user:2'],
      [null, 'session.refuse', undefined],
      ['user', 'session.start', 'session:'],
      ['reg', 'user.register', 'user:3'],
      ['admin', 'role.create', 'role:editor'],
      ['admin', 'role.update', 'role:editor'],
      ['admin', 'role.delete', 'role:editor'],
      ['admin', 'user.create', 'user:4'],
      ['admin', 'user.update', 'user:4'],
      ['admin', 'password.set', 'user:4'],
      ['admin', 'session.end', 'user:4'],
      ['admin', 'user.delete', 'user:4'],
      ['admin', 'password.change', 'user:1'],
      ['admin', 'session.end', 'session:']
    ]
  )
  t.match(seen[0], { address: '203.0.113.9', at: /^\d{4}-\d\d-\d\dT.*Z$/ })
  t.match(seen[8], { request_id: 'from-outside.1', changes: '[{"member":"status","to":"disabled"}]' })
  t.notMatch(JSON.stringify(seen), /walk|password123|wrong|nobody-has-this|\$2[aby]\$/)
})

test('a change that fails leaves no entry', async (t) => {
  const { app, db, as } = await build(t)
  const headers = await as('admin')
  const taken = { username: 'user', password: 'a walk in the rain', role: 'user' }
  t.equal((await app.inject({ method: 'POST', url: '/users', headers, payload: taken })).statusCode, 409)
  const last = await app.inject({
    method: 'DELETE',
    url: '/users/1',
    headers: { ...headers, 'if-match': '*' }
  })
  t.equal(last.statusCode, 409)
  t.same(await db.selectFrom('audit').selectAll().execute(), [])
})

test('the log is read newest first, filtered and paged', async (t) => {
  const { app, db, as } = await build(t)
  const headers = await as('admin')
  for (let index = 0; index < 5; index++) {
    await db
      .insertInto('audit')
      .values({
        at: `2026-01-0${index + 1}T00:00:00.000Z`,
        actor_id: index % 2 ? 1 : 2,
        actor: index % 2 ? 'admin' : 'user',
        action: index === 3 ? 'user.update' : 'session.start',
        target: `user:${index + 10}`,
        address: '203.0.113.9',
        request_id: `r-${index}`,
        changes: '[]'
      })
      .execute()
  }
  const get = async (query: string) => {
    const answer = await app.inject({ url: `/audit?${query}`, headers })
    t.equal(answer.statusCode, 200, query)
    return answer.json<{ entries: Entry[]; next_cursor: string | null }>()
  }
  const ids = async (query: string) => (await get(query)).entries.map(({ id }) => id)
  t.same(await ids(''), [5, 4, 3, 2, 1])
  t.same(await ids('actor=user'), [5, 3, 1])
  t.same(await ids('action=user.update'), [4])
  t.same(await ids('target=user:11'), [2])
  t.same(await ids('since=2026-01-02T00:00:00Z&until=2026-01-04T00:00:00Z'), [3, 2])
  t.same(await ids('since=2026-01-02T01:00:00%2B01:00'), [5, 4, 3, 2], 'an offset is understood')
  const first = await get('limit=3')
  t.same(
    (await get(`limit=3&cursor=${first.next_cursor ?? ''}`)).entries.map(({ id }) => id),
    [2, 1]
  )
  t.equal((await get(`limit=3&cursor=${first.next_cursor ?? ''}`)).next_cursor, null)
  for (const wrong of ['since=yesterday', 'since=2026-02-30T00:00:00Z', 'action=fly', 'target=everything']) {
    t.equal((await app.inject({ url: `/audit?${wrong}`, headers })).statusCode, 400, wrong)
  }
})

test('what is too old is cleaned in batches, and nothing else', async (t) => {
  const { db, app, session } = await build(t, { AUDIT_RETENTION_DAYS: '30' })
  const live = await session('user')
  const dead = await session('user')
  const past = new Date(Date.now() - 1_000).toISOString()
  await db.updateTable('sessions').set({ expires_at: past }).where('id', '=', dead.sessionId).execute()
  const entry = (days: number) => ({
    at: new Date(Date.now() - days * 86_400_000).toISOString(),
    actor_id: null,
    actor: null,
    action: 'session.refuse' as const,
    target: null,
    address: '203.0.113.9',
    request_id: 'r-1',
    changes: '[]'
  })
  for (let batch = 0; batch < 12; batch++) {
    await db
      .insertInto('audit')
      .values(Array.from({ length: 100 }, () => entry(31)))
      .execute()
  }
  await db.insertInto('audit').values(entry(29)).execute()
  const spent = {
    session_id: live.sessionId,
    created_at: past,
    spent_at: new Date(Date.now() - 15 * 86_400_000).toISOString()
  }
  await db
    .insertInto('refresh_tokens')
    .values({ token_hash: 'long spent', ...spent })
    .execute()

  t.same(await cleanUp(db, app.config), { sessions: 1, sign_in_attempts: 0, refresh_tokens: 1, audit: 1200 })
  t.same(await db.selectFrom('sessions').select('id').execute(), [{ id: live.sessionId }])
  t.equal((await db.selectFrom('refresh_tokens').selectAll().execute()).length, 1)
  t.equal((await db.selectFrom('audit').selectAll().execute()).length, 1)
})
