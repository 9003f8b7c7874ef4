import type { FastifyInstance } from 'fastify'
import { sql } from 'kysely'
import { test } from 'tap'
import { announceTouched } from '../../core/changes/touched.ts'
import { build } from '../helper.ts'

const refresh = (app: FastifyInstance, token: string) =>
  app.inject({ method: 'POST', url: '/refresh', payload: { refresh_token: token } })

const status = async (app: FastifyInstance, headers: { authorization: string }) =>
  (await app.inject({ url: '/protected', headers })).statusCode

const signIn = (app: FastifyInstance, username: string, password: string, remoteAddress = '127.0.0.1') =>
  app.inject({ method: 'POST', url: '/login', payload: { username, password }, remoteAddress })

test('logout ends the session, the others, or all, from the next request on', async (t) => {
  const { app, session } = await build(t)
  const logout = (headers: { authorization: string }, scope?: string) =>
    app.inject({ method: 'POST', url: `/logout${scope ? `?scope=${scope}` : ''}`, headers })

  const [a, b, c] = [await session('user'), await session('user'), await session('user')]
  for (const { headers } of [a, b, c]) t.equal(await status(app, headers), 200)
  t.equal((await logout(a.headers)).statusCode, 204)
  t.same([await status(app, a.headers), await status(app, b.headers)], [401, 200])
  t.equal((await refresh(app, a.refreshToken)).statusCode, 401)

  t.equal((await logout(b.headers, 'others')).statusCode, 204)
  t.same([await status(app, b.headers), await status(app, c.headers)], [200, 401])

  const d = await session('user')
  const admin = await session('admin')
  t.equal((await logout(d.headers, 'all')).statusCode, 204)
  t.same([await status(app, b.headers), await status(app, d.headers)], [401, 401])
  t.equal(await status(app, admin.headers), 200, 'another account is untouched')
  t.equal((await logout(admin.headers, 'everything')).statusCode, 400)
})

test('a session ends by itself: unused, or for good', async (t) => {
  const { app, db, session } = await build(t, { REFRESH_TOKEN_TTL: '1h', SESSION_TTL: '90m' })
  const { headers, refreshToken, sessionId } = await session('user')
  const row = await db
    .selectFrom('sessions')
    .selectAll()
    .where('id', '=', sessionId)
    .executeTakeFirstOrThrow()
  t.equal(Date.parse(row.expires_at) - Date.parse(row.created_at), 3_600_000)

  await db
    .updateTable('sessions')
    .set({ created_at: new Date(Date.now() - 80 * 60_000).toISOString() })
    .execute()
  t.equal((await refresh(app, refreshToken)).statusCode, 200)
  const later = await db
    .selectFrom('sessions')
    .selectAll()
    .where('id', '=', sessionId)
    .executeTakeFirstOrThrow()
  const left = Date.parse(later.expires_at) - Date.now()
  t.ok(left > 9 * 60_000 && left <= 10 * 60_000, 'a use does not prolong it past its absolute end')

  await db
    .updateTable('sessions')
    .set({ expires_at: new Date(Date.now() - 1).toISOString() })
    .execute()
  announceTouched(app.db, [{ table: 'sessions', key: '*' }])
  t.equal(await status(app, headers), 401)
})

test('a caller sees and ends its own sessions alone', async (t) => {
  const { app, session } = await build(t)
  const [mine, other, admins] = [await session('user'), await session('user'), await session('admin')]
  const list = async (url: string) => {
    const answer = await app.inject({ url, headers: mine.headers })
    t.equal(answer.statusCode, 200)
    return answer.json<{ sessions: { id: string; current: boolean }[]; next_cursor: string | null }>()
  }
  const { sessions, next_cursor } = await list('/me/sessions')
  t.same(new Set(sessions.map(({ id }) => id)), new Set([mine.sessionId, other.sessionId]))
  t.same(
    sessions.filter(({ current }) => current).map(({ id }) => id),
    [mine.sessionId]
  )
  t.equal(next_cursor, null)

  const first = await list('/me/sessions?limit=1')
  const second = await list(`/me/sessions?limit=1&cursor=${first.next_cursor ?? ''}`)
  t.same(
    [first.sessions[0]?.id, second.sessions[0]?.id],
    sessions.map(({ id }) => id)
  )
  t.equal(second.next_cursor, null)
  t.same((await list('/me/sessions?address=203.0.113.9')).sessions, [])

  const end = (id: string) =>
    app.inject({ method: 'DELETE', url: `/me/sessions/${id}`, headers: mine.headers })
  t.equal((await end(admins.sessionId)).statusCode, 404)
  t.equal(await status(app, admins.headers), 200)
  t.equal((await end(other.sessionId)).statusCode, 204)
  t.equal(await status(app, other.headers), 401)
  t.equal((await end(other.sessionId)).statusCode, 404)
})

test('changing the password needs the current one and ends the other sessions', async (t) => {
  const { app, session } = await build(t)
  const [mine, other] = [await session('user'), await session('user')]
  const change = (current_password: string, new_password: string) =>
    app.inject({
      method: 'PUT',
      url: '/me/password',
      headers: mine.headers,
      payload: { current_password, new_password }
    })
  t.match((await change('not the password', 'a walk in the rain')).json(), {
    code: 'WRONG_PASSWORD',
    status: 403
  })
  t.equal((await change('password123', 'a walk in the rain')).statusCode, 204)
  t.same([await status(app, mine.headers), await status(app, other.headers)], [200, 401])
  t.equal((await refresh(app, other.refreshToken)).statusCode, 401)
  t.equal((await signIn(app, 'user', 'password123')).statusCode, 401)
  t.equal((await signIn(app, 'user', 'a walk in the rain')).statusCode, 200)
})

test('of five password changes at once exactly one is acknowledged, and its password works', async (t) => {
  const { app, session } = await build(t)
  const { headers } = await session('user')
  const passwords = Array.from({ length: 5 }, (_, index) => `the new password number ${index}`)
  const answers = await Promise.all(
    passwords.map((new_password) =>
      app.inject({
        method: 'PUT',
        url: '/me/password',
        headers,
        payload: { current_password: 'password123', new_password }
      })
    )
  )
  const codes = answers.map(({ statusCode }) => statusCode)
  t.same(
    codes.toSorted((a, b) => a - b),
    [204, 403, 403, 403, 403]
  )
  const winner = passwords[codes.indexOf(204)] ?? ''
  t.equal((await signIn(app, 'user', winner, '203.0.113.1')).statusCode, 200)
})

test('an operator sees who is signed in, and ends one session of another', async (t) => {
  const { app, db, session } = await build(t)
  const [admin, mine, other] = [await session('admin'), await session('user'), await session('user')]
  interface Listed {
    sessions: { id: string; user_id: number; username: string; current: boolean }[]
    next_cursor: string | null
  }
  const list = async (query = '') => {
    const answer = await app.inject({ url: `/sessions${query}`, headers: admin.headers })
    t.equal(answer.statusCode, 200)
    return answer.json<Listed>()
  }
  const all = await list()
  t.same(
    new Set(all.sessions.map(({ id, username, current }) => `${id} ${username} ${current}`)),
    new Set([
      `${admin.sessionId} admin true`,
      `${mine.sessionId} user false`,
      `${other.sessionId} user false`
    ])
  )
  const paged: Listed['sessions'] = []
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: Listed = await list(`?limit=1${cursor && `&cursor=${cursor}`}`)
    paged.push(...page.sessions)
    cursor = page.next_cursor
  }
  t.same(paged, all.sessions)
  t.same(
    new Set((await list(`?user_id=${mine.id}`)).sessions.map(({ user_id }) => user_id)),
    new Set([mine.id])
  )
  t.same((await list('?user_id=999')).sessions, [])

  const end = (userId: number, id: string, headers = admin.headers) =>
    app.inject({ method: 'DELETE', url: `/users/${userId}/sessions/${id}`, headers })
  t.equal((await end(mine.id, mine.sessionId, mine.headers)).statusCode, 403)
  t.match((await end(mine.id, admin.sessionId)).json(), { code: 'SESSION_NOT_FOUND' })
  t.equal((await end(mine.id, mine.sessionId)).statusCode, 204)
  t.same([await status(app, mine.headers), await status(app, other.headers)], [401, 200])
  t.equal((await refresh(app, mine.refreshToken)).statusCode, 401)
  t.match((await end(mine.id, mine.sessionId)).json(), { code: 'SESSION_NOT_FOUND' })
  const entries = await db
    .selectFrom('audit')
    .select(['actor', 'target', 'changes'])
    .where('action', '=', 'session.end')
    .execute()
  t.match(entries, [{ actor: 'admin', target: `session:${mine.sessionId}`, changes: `user_id` }])
  t.equal(entries.length, 1)

  await db
    .updateTable('sessions')
    .set({ expires_at: new Date(Date.now() - 1).toISOString() })
    .where('id', '=', other.sessionId)
    .execute()
  t.same(
    (await list()).sessions.map(({ id }) => id),
    [admin.sessionId],
    'neither one that has ended nor one that has expired'
  )
})

test("everybody's sessions are read by an index, page by page", async (t) => {
  const { db } = await build(t, { DATABASE_URL: ':memory:' })
  const query = sql<{ detail: string }>`explain query plan select id from sessions
    where expires_at > '' and (created_at, id) < ('3', '') order by created_at desc, id desc limit 51`
  const { rows } = await query.execute(db)
  t.match(rows.map(({ detail }) => detail).join(), /sessions_created_at/)
  t.notMatch(rows.map(({ detail }) => detail).join(), /TEMP B-TREE/)
})
