import type { FastifyInstance } from 'fastify'
import { test } from 'tap'
import type { Db } from '../../core/database/database.ts'
import { firstToken } from '../../core/sessions/refresh-tokens.ts'
import { fakeClocks } from '../clock.ts'
import { build } from '../helper.ts'

interface Shown {
  authorization?: string
  refresh_token?: string
  scope?: string
}

/** Signs out by what is shown. */
const logout = (app: FastifyInstance, { authorization, refresh_token, scope }: Shown) =>
  app.inject({
    method: 'POST',
    url: `/logout${scope === undefined ? '' : `?scope=${scope}`}`,
    headers: authorization === undefined ? {} : { authorization },
    ...(refresh_token !== undefined && { payload: { refresh_token } })
  })

const refresh = (app: FastifyInstance, refresh_token: string) =>
  app.inject({ method: 'POST', url: '/refresh', payload: { refresh_token } })

/** The sessions that there are. */
const alive = async (db: Db) =>
  (await db.selectFrom('sessions').select('id').orderBy('created_at').execute()).map(({ id }) => id)

/** What the audit log has of sessions that have ended. */
const ends = (db: Db) => db.selectFrom('audit').selectAll().where('action', '=', 'session.end').execute()

const bearer = (token: string) => `Bearer ${token}`

/** Longer than an access token lives. */
const overnight = 12 * 3_600_000

test('an access token that has expired ends its own session, and no other', async (t) => {
  const clocks = fakeClocks(t)
  const { app, db, session } = await build(t)
  const [mine, other] = [await session('user'), await session('user')]
  clocks.pass(overnight)
  const { authorization } = mine.headers
  for (const scope of ['all', 'others'])
    t.match((await logout(app, { authorization, scope })).json(), { status: 401, code: 'TOKEN_INVALID' })
  t.equal((await alive(db)).length, 2)
  t.equal((await logout(app, { authorization })).statusCode, 204)
  t.same(await alive(db), [other.sessionId])
  t.equal((await refresh(app, mine.refreshToken)).statusCode, 401)
  t.match(await ends(db), [
    {
      target: `session:${mine.sessionId}`,
      actor_id: mine.id,
      actor: 'user',
      changes: '[{"member":"scope","to":"session"}]'
    }
  ])
})

test('a refresh token signs out, in the body or the header, whatever else stands there', async (t) => {
  const clocks = fakeClocks(t)
  const { app, db, session } = await build(t)
  const kept = await session('user')
  const expired = (await session('user')).headers.authorization
  const ways: ((token: string) => Shown)[] = [
    (refresh_token) => ({ refresh_token }),
    (token) => ({ authorization: bearer(token) }),
    (refresh_token) => ({ refresh_token, authorization: 'Basic c3RhZ2luZzpzZWNyZXQ=' }),
    (refresh_token) => ({ refresh_token, authorization: expired }),
    (refresh_token) => ({ refresh_token, authorization: bearer('x') })
  ]
  clocks.pass(overnight)
  for (const shown of ways) {
    const { sessionId, refreshToken } = await session('admin')
    t.equal((await logout(app, shown(refreshToken))).statusCode, 204)
    t.notOk((await alive(db)).includes(sessionId))
  }
  t.ok((await alive(db)).includes(kept.sessionId))
})

test('the refresh token of the body counts before an access token', async (t) => {
  const { app, db, session } = await build(t)
  const [here, there] = [await session('user'), await session('admin')]
  const both = { authorization: here.headers.authorization, refresh_token: there.refreshToken }
  t.equal((await logout(app, both)).statusCode, 204)
  t.same(await alive(db), [here.sessionId])
  t.equal((await logout(app, both)).statusCode, 204)
  t.same(await alive(db), [], 'where it names no session any more, the access token does')
})

test('a session that has ended is signed out of again, and that leaves no entry', async (t) => {
  const { app, db, session } = await build(t)
  const { headers, refreshToken } = await session('user')
  const ways = [{ authorization: headers.authorization }, { refresh_token: refreshToken }]
  for (const shown of [...ways, ...ways]) t.equal((await logout(app, shown)).statusCode, 204)
  t.equal((await ends(db)).length, 1)
  for (const shown of ways)
    t.match((await logout(app, { ...shown, scope: 'all' })).json(), { status: 401, code: 'TOKEN_INVALID' })
})

test('a spent refresh token ends its own session, and no other', async (t) => {
  const { app, db, session } = await build(t)
  const [mine, other] = [await session('user'), await session('user')]
  const { refresh_token } = (await refresh(app, mine.refreshToken)).json<{ refresh_token: string }>()
  for (const scope of ['all', 'others'])
    t.equal((await logout(app, { refresh_token: mine.refreshToken, scope })).statusCode, 401)
  t.equal((await alive(db)).length, 2)
  t.equal((await logout(app, { refresh_token: mine.refreshToken })).statusCode, 204)
  t.same(await alive(db), [other.sessionId])
  t.equal((await refresh(app, refresh_token)).statusCode, 401)
})

test('a live refresh token ends the other sessions of its account, or all', async (t) => {
  const { app, db, session } = await build(t)
  const admin = await session('admin')
  const [mine] = [await session('user'), await session('user'), await session('user')]
  t.equal((await logout(app, { refresh_token: mine.refreshToken, scope: 'others' })).statusCode, 204)
  t.same(new Set(await alive(db)), new Set([admin.sessionId, mine.sessionId]))
  await session('user')
  t.equal((await logout(app, { refresh_token: mine.refreshToken, scope: 'all' })).statusCode, 204)
  t.same(await alive(db), [admin.sessionId])
})

test('a stranger ends nothing', async (t) => {
  const { app, db, session } = await build(t)
  const { app: elsewhere } = await build(t, { JWT_SECRET: 'a secret that only another service knows' })
  const { id, sessionId } = await session('user')
  const claims = { sessionId, authTime: Date.now(), amr: ['pwd'] }
  const forged = elsewhere.auth.signAccessToken({ id, ...claims, username: 'user', role: 'user' })
  const another = app.auth.signAccessToken({ id: 1, ...claims, username: 'admin', role: 'admin' })
  const unknown = firstToken()
  for (const [shown, expected] of [
    [{}, 'TOKEN_MISSING'],
    [{ authorization: bearer('x') }, 'TOKEN_INVALID'],
    [{ authorization: 'Basic c3RhZ2luZzpzZWNyZXQ=' }, 'TOKEN_INVALID'],
    [{ authorization: bearer(forged) }, 'TOKEN_INVALID'],
    [{ authorization: `${bearer(forged)}, ${bearer(forged)}` }, 'TOKEN_REPEATED'],
    [{ refresh_token: 'x' }, 'VALIDATION_FAILED']
  ] as const)
    t.match((await logout(app, shown)).json(), { code: expected })
  t.equal(
    (await logout(app, { refresh_token: unknown })).statusCode,
    204,
    'as one of a session that has ended'
  )
  t.equal((await logout(app, { authorization: bearer(another) })).statusCode, 204, 'of another account')
  t.same(await alive(db), [sessionId])
})
