import type { FastifyInstance } from 'fastify'
import { test } from 'tap'
import { build } from '../helper.ts'

interface Pair {
  access_token: string
  refresh_token: string
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

const refresh = (app: FastifyInstance, token: string) =>
  app.inject({ method: 'POST', url: '/refresh', payload: { refresh_token: token } })

const status = async (app: FastifyInstance, headers: { authorization: string }) =>
  (await app.inject({ url: '/protected', headers })).statusCode

const signIn = (app: FastifyInstance, username: string, password: string, remoteAddress = '127.0.0.1') =>
  app.inject({ method: 'POST', url: '/login', payload: { username, password }, remoteAddress })

test('fifty refreshes at once with one token give one successor, and every pair works', async (t) => {
  const { app, session } = await build(t)
  const { refreshToken } = await session('user')
  const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(app, refreshToken)))
  t.same(
    answers.map(({ statusCode }) => statusCode),
    Array<number>(50).fill(200)
  )
  const pairs = answers.map((answer) => answer.json<Pair>())
  t.equal(new Set(pairs.map(({ refresh_token }) => refresh_token)).size, 1)
  t.not(pairs[0]?.refresh_token, refreshToken)
  t.equal(await status(app, bearer(pairs[49]?.access_token ?? '')), 200)

  const next = await refresh(app, pairs[0]?.refresh_token ?? '')
  t.equal(next.statusCode, 200)
  t.not(next.json<Pair>().refresh_token, pairs[0]?.refresh_token)
})

test('no usable refresh token is stored', async (t) => {
  const { app, db, session } = await build(t)
  const { refreshToken } = await session('user')
  const successor = (await refresh(app, refreshToken)).json<Pair>().refresh_token
  const stored = JSON.stringify([
    await db.selectFrom('refresh_tokens').selectAll().execute(),
    await db.selectFrom('sessions').selectAll().execute()
  ])
  t.notMatch(stored, refreshToken)
  t.notMatch(stored, successor)
  t.equal((await db.selectFrom('refresh_tokens').selectAll().execute()).length, 2)
})

test('a spent refresh token after the grace ends its whole session, and no other', async (t) => {
  const { app, db, session } = await build(t, { REFRESH_GRACE: '1ms' })
  const [stolen, other] = [await session('user'), await session('user')]
  const newest = (await refresh(app, stolen.refreshToken)).json<Pair>()
  await new Promise((resolve) => setTimeout(resolve, 20))

  const reuse = await refresh(app, stolen.refreshToken)
  const unknown = await refresh(app, 'A'.repeat(43))
  t.equal(reuse.statusCode, 401)
  const anonymous = (body: string) => body.replace(/"request_id":"[^"]*"/, '')
  t.equal(anonymous(reuse.body), anonymous(unknown.body), 'it says the same as any bad token')

  t.equal((await refresh(app, newest.refresh_token)).statusCode, 401)
  t.equal(await status(app, stolen.headers), 401)
  t.equal(await status(app, bearer(newest.access_token)), 401)
  t.equal(await status(app, other.headers), 200)
  const entry = await db
    .selectFrom('audit')
    .selectAll()
    .where('action', '=', 'session.theft')
    .executeTakeFirst()
  t.match(entry, { target: `session:${stolen.sessionId}`, actor: 'user' })
})

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

test('a refresh that races the logout leaves nothing alive', async (t) => {
  const { app, session } = await build(t)
  for (let round = 0; round < 10; round++) {
    const { headers, refreshToken } = await session('user')
    const [refreshed] = await Promise.all([
      refresh(app, refreshToken),
      app.inject({ method: 'POST', url: '/logout', headers })
    ])
    t.ok([200, 401].includes(refreshed.statusCode))
    if (refreshed.statusCode !== 200) continue
    const pair = refreshed.json<Pair>()
    t.equal(await status(app, bearer(pair.access_token)), 401)
    t.equal((await refresh(app, pair.refresh_token)).statusCode, 401)
  }
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
  app.auth.forget(() => true)
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
