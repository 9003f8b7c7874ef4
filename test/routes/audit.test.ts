import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { test } from 'tap'
import { cleanUp } from '../../core/retention/clean-up.ts'
import { Instant } from '../../schemas/types.ts'
import { build } from '../helper.ts'
import { instants, noInstants } from '../instants.ts'

interface Entry {
  id: number
  at: string
  actor: string | null
  action: string
  target: string | null
  request_id: string
  address: string
  changes: { member: string; from?: string; to: string }[]
}

/** The tables that a clean-up has deleted something of. */
const somethingOf = (deleted: Record<string, number>) =>
  Object.fromEntries(Object.entries(deleted).filter(([, count]) => count > 0))

test('every change leaves an entry that says who, what, on what and from where, and no secret', async (t) => {
  const { app, db, as } = await build(t)
  const headers = await as('admin')
  const call = (
    method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE',
    url: string,
    payload?: object,
    more = {}
  ) => app.inject({ method, url, headers: { ...headers, ...more }, ...(payload && { payload }) })
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
  await call('DELETE', '/cache?tag=users')
  await call('PUT', '/me/password', { current_password: 'wrong', new_password: 'yet another walk' })
  await call('PATCH', '/me', { username: 'chief' })
  await call('PUT', '/me/password', { current_password: 'password123', new_password: 'yet another walk' })
  await call('POST', '/logout')

  const seen = await db.selectFrom('audit').selectAll().orderBy('id').execute()
  t.same(
    seen.map(({ actor, action, target }) => [actor, action, target?.replace(/session:.*/, 'session:')]),
    [
      [null, 'user.create', 'user:1'],
      [null, 'user.create', 'user:2'],
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
      ['admin', 'cache.purge', 'cache:users'],
      ['admin', 'password.refuse', 'user:1'],
      ['admin', 'user.update', 'user:1'],
      ['chief', 'password.change', 'user:1'],
      ['chief', 'session.end', 'session:']
    ]
  )
  t.match(seen[0], {
    address: 'unknown',
    request_id: 'start',
    changes: '[{"member":"username","to":"admin"},{"member":"role","to":"admin"}]'
  })
  t.match(seen[2], { address: '203.0.113.9', at: /^\d{4}-\d\d-\d\dT.*Z$/ })
  t.match(seen[10], {
    request_id: 'from-outside.1',
    changes: '[{"member":"status","from":"active","to":"disabled"}]'
  })
  t.equal(seen[7]?.changes, '[{"member":"requests_per_minute","from":"3","to":"4"}]')
  t.equal(seen[16]?.changes, '[{"member":"username","from":"admin","to":"chief"}]')
  const page = await app.inject({ url: '/audit?actor_id=1&target=user:1', headers: await as('chief') })
  const { entries } = page.json<{ entries: Entry[] }>()
  t.same(
    entries.map(({ actor, action, changes }) => [actor, action, changes]),
    [
      ['chief', 'password.change', []],
      ['admin', 'user.update', [{ member: 'username', from: 'admin', to: 'chief' }]],
      ['admin', 'password.refuse', []]
    ],
    'a rename does not split a trail'
  )
  t.notMatch(JSON.stringify(seen), /walk|password123|wrong|nobody-has-this|\$2[aby]\$/)
})

test('a change that fails leaves no entry', async (t) => {
  const { app, db, as } = await build(t)
  const headers = await as('admin')
  const before = await db.selectFrom('audit').select('id').execute()
  const taken = { username: 'user', password: 'a walk in the rain', role: 'user' }
  t.equal((await app.inject({ method: 'POST', url: '/users', headers, payload: taken })).statusCode, 409)
  const last = await app.inject({
    method: 'DELETE',
    url: '/users/1',
    headers: { ...headers, 'if-match': '*' }
  })
  t.equal(last.statusCode, 409)
  t.same(await db.selectFrom('audit').select('id').execute(), before)
})

test('the log is read newest first, filtered and paged', async (t) => {
  const { app, db, as } = await build(t)
  const headers = await as('admin')
  // What the start has left is not what is looked for.
  const { numDeletedRows: earlier } = await db.deleteFrom('audit').executeTakeFirstOrThrow()
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
  const idsOf = ({ entries }: { entries: Entry[] }) => entries.map(({ id }) => id - Number(earlier))
  const ids = async (query: string) => idsOf(await get(query))
  t.same(await ids(''), [5, 4, 3, 2, 1])
  t.same(await ids('actor=user'), [5, 3, 1])
  t.same(await ids('action=user.update'), [4])
  t.same(await ids('target=user:11'), [2])
  t.same(await ids('since=2026-01-02T00:00:00Z&until=2026-01-04T00:00:00Z'), [3, 2])
  t.same(await ids('since=2026-01-02T01:00:00%2B01:00'), [5, 4, 3, 2], 'an offset is understood')
  const first = await get('limit=3')
  t.same(await ids(`limit=3&cursor=${first.next_cursor ?? ''}`), [2, 1])
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
  await db
    .insertInto('known_networks')
    .values([
      { user_id: 1, network: '203.0.113.9', last_seen_at: entry(31).at },
      { user_id: 1, network: '203.0.113.8', last_seen_at: entry(29).at }
    ])
    .execute()
  t.same(somethingOf(await cleanUp(db, app.config)), {
    sessions: 1,
    known_networks: 1,
    audit: 1200
  })
  t.same(await db.selectFrom('sessions').select('id').execute(), [{ id: live.sessionId }])
  const left = await db.selectFrom('audit').select('action').orderBy('id').execute()
  t.same(
    left.map(({ action }) => action),
    ['user.create', 'user.create', 'session.refuse']
  )
})

/** A builder's own route with an instant in its body. */
const own: FastifyPluginAsyncTypebox = async (fastify) => {
  const body = Type.Object({ at: Type.Union([Instant, Type.Null()]) })
  fastify.post(
    '/own/instants',
    { config: { access: 'public' }, schema: { body } },
    async (request) => request.body
  )
}

test('an instant is read alike in every query and body, on any database', async (t) => {
  const { app, as } = await build(t, {}, own)
  const headers = await as('admin')
  const ask = async (name: string, text: string) => {
    const url = `/audit?${name}=${encodeURIComponent(text)}`
    return (await app.inject({ url, headers })).statusCode
  }
  const send = async (at: string) =>
    (await app.inject({ method: 'POST', url: '/own/instants', payload: { at } })).statusCode
  for (const text of Object.keys(instants)) {
    for (const name of ['since', 'until']) t.equal(await ask(name, text), 200, `${name} ${text}`)
    t.equal(await send(text), 200, text)
  }
  for (const text of noInstants) {
    for (const name of ['since', 'until']) t.equal(await ask(name, text), 400, `${name} ${text}`)
    t.equal(await send(text), 400, text)
  }
  // A plus that nobody has encoded is a blank.
  const url = '/audit?since=2026-01-31T09:30:00+05:00'
  t.equal((await app.inject({ url, headers })).statusCode, 400)
})
