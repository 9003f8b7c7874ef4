import { test } from 'tap'
import { IdentityCache } from '../../core/sessions/identity-cache.ts'
import { headerOf } from '../../core/tokens/bearer.ts'
import { fakeClocks } from '../clock.ts'
import { build } from '../helper.ts'

test('a session that another instance ends is over here within a second', async (t) => {
  const clocks = fakeClocks(t)
  const DATABASE_URL = `file:${t.testdir()}/shared.db`
  const { app: here, as } = await build(t, { DATABASE_URL })
  const { app: elsewhere } = await build(t, { DATABASE_URL })
  const [leaving, staying] = [await as('user'), await as('admin')]
  const ask = async (headers: Record<string, string>) =>
    (await here.inject({ url: '/protected', headers })).statusCode
  t.equal(await ask(leaving), 200)
  t.equal(await ask(staying), 200)

  t.equal((await elsewhere.inject({ method: 'POST', url: '/logout', headers: leaving })).statusCode, 204)
  clocks.pass(1_001)
  t.equal(await ask(leaving), 401)
  t.equal(await ask(staying), 200)
})

test('a role that is taken away here counts from the next request on', async (t) => {
  const { app, as, session } = await build(t)
  const admin = await as('admin')
  const { id, headers } = await session('user')
  const ask = async () => (await app.inject({ url: '/users', headers })).statusCode
  const give = async (role: string) => {
    const { headers: seen } = await app.inject({ url: `/users/${id}`, headers: admin })
    const change = { method: 'PATCH', url: `/users/${id}`, payload: { role } } as const
    return app.inject({ ...change, headers: { ...admin, 'if-match': String(seen.etag) } })
  }
  for (let round = 0; round < 20; round++) {
    t.equal((await give('admin')).statusCode, 200)
    t.equal(await ask(), 200)
    // Many under way while the change is made must not leave an old answer behind.
    const [changed] = await Promise.all([give('user'), ...Array.from({ length: 10 }, ask)])
    t.equal(changed.statusCode, 200)
    t.equal(await ask(), 403)
  }
})

test('a session ends when its time is over, also while it is in use', async (t) => {
  const clocks = fakeClocks(t)
  const { app, session } = await build(t, { ACCESS_TOKEN_TTL: '30m', REFRESH_TOKEN_TTL: '30m' })
  const { headers } = await session('user')
  const ask = async () => (await app.inject({ url: '/protected', headers })).statusCode
  t.equal(await ask(), 200)
  clocks.pass(30 * 60_000 - 1_001)
  t.equal(await ask(), 200)
  clocks.pass(1_001)
  t.equal(await ask(), 401)
})

test('a remembered token counts however its header is written, and is forgotten for all of them', async (t) => {
  const { app, session } = await build(t)
  const { headers } = await session('user')
  const token = headers.authorization.slice('Bearer '.length)
  const spellings = ['Bearer ', 'bearer ', 'BEARER   '].map((scheme) => scheme + token)
  const ask = async () =>
    Promise.all(
      spellings.map(
        async (authorization) =>
          (await app.inject({ url: '/protected', headers: { authorization } })).statusCode
      )
    )
  t.same(await ask(), [200, 200, 200])
  t.same(await ask(), [200, 200, 200])
  t.equal((await app.inject({ method: 'POST', url: '/logout', headers })).statusCode, 204)
  t.same(await ask(), [401, 401, 401])
})

test('a clock that is set back signs nobody in for longer', async (t) => {
  const clocks = fakeClocks(t)
  let changes = 0
  let isActive = true
  const endsAt = Date.now() + 3_600_000
  const subject = { via: 'session' as const, sessionId: 'a session', userId: 1, endsAt }
  const identity = {
    id: 1,
    username: 'user',
    role: 'user',
    via: 'session' as const,
    sessionId: subject.sessionId,
    permissions: new Set<never>(),
    requestsPerMinute: 10,
    authTime: 0,
    mustEnrol: false,
    amr: ['pwd']
  }
  const cache = new IdentityCache({
    verify: () => subject,
    find: () => Promise.resolve(isActive ? { identity, endsAt } : undefined),
    foreignChanges: () => Promise.resolve(changes)
  })
  t.equal(await cache.resolve('token'), identity)
  clocks.set(-600_000)
  t.equal(await cache.resolve('token'), identity)

  isActive = false
  changes++
  clocks.pass(1_000)
  t.equal(await cache.resolve('token'), undefined, 'what another process has changed is seen within a second')
})

test('so many tokens are remembered: the one that came first is looked up again', async (t) => {
  const most = 50_000
  const endsAt = Date.now() + 3_600_000
  const identity = {
    id: 1,
    username: 'user',
    role: 'user',
    via: 'session' as const,
    sessionId: 'a session',
    permissions: new Set<never>(),
    requestsPerMinute: 10,
    authTime: 0,
    mustEnrol: false,
    amr: ['pwd']
  }
  const cache = new IdentityCache({
    verify: () => ({ via: 'session', sessionId: identity.sessionId, userId: identity.id, endsAt }),
    find: () => Promise.resolve({ identity, endsAt }),
    foreignChanges: () => Promise.resolve(0)
  })
  const isKnown = (token: number) => cache.peek(headerOf(String(token))) !== undefined
  for (let token = 0; token < most; token++) await cache.resolve(String(token))
  t.same([isKnown(0), isKnown(most - 1)], [true, true])
  await cache.resolve(String(most))
  t.same([isKnown(0), isKnown(1), isKnown(most)], [false, true, true])
})
