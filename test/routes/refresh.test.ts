import type { FastifyInstance } from 'fastify'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { test } from 'tap'
import type { Db } from '../../core/database/database.ts'
import { postgresServer, scratchPostgres } from '../database.ts'
import { build } from '../helper.ts'

interface Pair {
  access_token: string
  refresh_token: string
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

const refresh = (app: FastifyInstance, token: string) =>
  app.inject({ method: 'POST', url: '/refresh', payload: { refresh_token: token } })

/** Exchanges a token that is to be answered. */
const exchange = async (app: FastifyInstance, token: string) => {
  const answer = await refresh(app, token)
  if (answer.statusCode !== 200) throw new Error(`refused: ${answer.body}`)
  return answer.json<Pair>()
}

const status = async (app: FastifyInstance, headers: { authorization: string }) =>
  (await app.inject({ url: '/protected', headers })).statusCode

const sessionRow = (db: Db, id: string) =>
  db.selectFrom('sessions').selectAll().where('id', '=', id).executeTakeFirstOrThrow()

/** Waits until a use of the last exchange has been written down; answers when it was. */
async function usedAt(db: Db, id: string) {
  for (;;) {
    const { used_at } = await sessionRow(db, id)
    if (used_at !== null) return used_at
    await setTimeout(2)
  }
}

const thefts = (db: Db) =>
  db.selectFrom('audit').select(['target', 'actor']).where('action', '=', 'session.theft').execute()

const long = { REFRESH_GRACE: '1h' }
const short = { REFRESH_GRACE: '1ms' }
const past = (milliseconds: number) => new Date(Date.now() - milliseconds).toISOString()

test('fifty refreshes at once with one token give one successor, and every pair works', async (t) => {
  const { app, db, session } = await build(t)
  const { refreshToken, sessionId } = await session('user')
  const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(app, refreshToken)))
  t.same(
    answers.map(({ statusCode }) => statusCode),
    Array<number>(50).fill(200)
  )
  const pairs = answers.map((answer) => answer.json<Pair>())
  t.equal(new Set(pairs.map(({ refresh_token }) => refresh_token)).size, 1)
  t.not(pairs[0]?.refresh_token, refreshToken)
  for (const { access_token } of [pairs[0], pairs[49]].flatMap((pair) => pair ?? []))
    t.equal(await status(app, bearer(access_token)), 200)
  t.equal((await sessionRow(db, sessionId)).generation, 1, 'one exchange for all')

  const next = await exchange(app, pairs[0]?.refresh_token ?? '')
  t.not(next.refresh_token, pairs[0]?.refresh_token)
})

test('no usable refresh token is stored, and a session stays one row', async (t) => {
  const { app, db, session } = await build(t)
  const { refreshToken } = await session('user')
  const tokens = [refreshToken]
  for (let round = 0; round < 5; round++) {
    tokens.push((await exchange(app, tokens.at(-1) ?? '')).refresh_token)
    const rows = await db.selectFrom('sessions').selectAll().execute()
    t.equal(rows.length, 1)
    const stored = JSON.stringify(rows)
    for (const token of tokens) {
      t.notMatch(stored, token)
      t.notMatch(stored, token.slice(0, 21), 'nor what the tokens of a session have in common')
    }
  }
})

test('a lost answer signs nobody out: however late, the token is answered again while nothing is used', async (t) => {
  const { app, db, session } = await build(t, short)
  const { refreshToken, sessionId } = await session('user')
  const lost = await exchange(app, refreshToken)
  const days = { last_used_at: past(5 * 86_400_000), created_at: past(10 * 86_400_000) }
  await db.updateTable('sessions').set(days).execute()
  for (let attempt = 0; attempt < 3; attempt++)
    t.equal((await exchange(app, refreshToken)).refresh_token, lost.refresh_token)
  t.equal((await sessionRow(db, sessionId)).generation, 1)
  const arrived = await exchange(app, refreshToken)
  t.equal(await status(app, bearer(arrived.access_token)), 200)
  t.equal((await refresh(app, arrived.refresh_token)).statusCode, 200)
  t.same(await thefts(db), [])
})

test('once an access token of the exchange is used, the grace counts, and then the token before is theft', async (t) => {
  const { app, db, session } = await build(t, { REFRESH_GRACE: '60s' })
  const { refreshToken, sessionId, headers } = await session('user')
  const other = await session('user')
  const pair = await exchange(app, refreshToken)
  t.equal(await status(app, headers), 200, 'the token from before the exchange still counts')
  t.equal((await sessionRow(db, sessionId)).used_at, null, 'and is no use of the exchange')

  t.equal(await status(app, bearer(pair.access_token)), 200)
  const first = await usedAt(db, sessionId)
  const again = await exchange(app, refreshToken)
  t.equal(again.refresh_token, pair.refresh_token, 'within the grace')
  t.equal(await status(app, bearer(again.access_token)), 200)
  t.equal(await status(app, bearer(pair.access_token)), 200)
  t.equal((await sessionRow(db, sessionId)).used_at, first, 'the first use counts')

  await db
    .updateTable('sessions')
    .set({ used_at: past(61_000) })
    .where('id', '=', sessionId)
    .execute()
  const reuse = await refresh(app, refreshToken)
  const unknown = await refresh(app, 'A'.repeat(43))
  t.equal(reuse.statusCode, 401)
  const anonymous = (body: string) => body.replace(/"request_id":"[^"]*"/, '')
  t.equal(anonymous(reuse.body), anonymous(unknown.body), 'it says the same as any bad token')
  t.equal((await refresh(app, pair.refresh_token)).statusCode, 401)
  for (const token of [headers, bearer(pair.access_token)]) t.equal(await status(app, token), 401)
  t.equal(await status(app, other.headers), 200, 'no other session ends')
  t.same(await thefts(db), [{ target: `session:${sessionId}`, actor: 'user' }])
})

test('once the successor is exchanged, the grace counts from then, and the answer is the live token', async (t) => {
  const { app, db, session } = await build(t, { REFRESH_GRACE: '60s' })
  const { refreshToken, sessionId } = await session('user')
  const second = await exchange(app, refreshToken)
  const third = await exchange(app, second.refresh_token)
  t.equal((await exchange(app, refreshToken)).refresh_token, third.refresh_token)
  t.equal((await exchange(app, second.refresh_token)).refresh_token, third.refresh_token)

  await db
    .updateTable('sessions')
    .set({ prior_used_at: past(61_000) })
    .execute()
  t.equal((await exchange(app, second.refresh_token)).refresh_token, third.refresh_token, 'its own is unused')
  t.equal((await refresh(app, refreshToken)).statusCode, 401)
  t.equal((await refresh(app, third.refresh_token)).statusCode, 401)
  t.same(await thefts(db), [{ target: `session:${sessionId}`, actor: 'user' }])
})

test('a use of an access token goes on to count when the successor is exchanged', async (t) => {
  const { app, db, session } = await build(t, { REFRESH_GRACE: '60s' })
  const { refreshToken, sessionId } = await session('user')
  const second = await exchange(app, refreshToken)
  t.equal(await status(app, bearer(second.access_token)), 200)
  await usedAt(db, sessionId)
  await db
    .updateTable('sessions')
    .set({ used_at: past(61_000) })
    .execute()
  await exchange(app, second.refresh_token)
  t.equal((await refresh(app, refreshToken)).statusCode, 401)
  t.equal((await thefts(db)).length, 1)
})

test('every older token of a session is theft at once, whatever the grace', async (t) => {
  const { app, db, session } = await build(t, long)
  for (const age of [0, 1, 2, 3]) {
    const { refreshToken, sessionId } = await session('user')
    const tokens = [refreshToken]
    for (let round = 0; round < 6; round++)
      tokens.push((await exchange(app, tokens.at(-1) ?? '')).refresh_token)
    t.equal((await refresh(app, tokens[age] ?? '')).statusCode, 401, `token ${age} of 7`)
    t.equal((await refresh(app, tokens[6] ?? '')).statusCode, 401)
    t.match((await thefts(db)).at(-1), { target: `session:${sessionId}` })
  }
})

test('a token that is spelt otherwise is unknown, and ends nothing', async (t) => {
  const { app, session } = await build(t)
  const { refreshToken } = await session('user')
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = alphabet.indexOf(refreshToken.slice(-1))
  // The last character has two bits that say nothing.
  const respelt = refreshToken.slice(0, -1) + (alphabet[last ^ 1] ?? '')
  t.equal((await refresh(app, respelt)).statusCode, 401)
  t.equal((await refresh(app, refreshToken)).statusCode, 200)
})

/** A database that two servers share. */
const shared = async (t: Parameters<typeof build>[0]) =>
  postgresServer === undefined ? `file:${t.testdir()}/shared.db` : scratchPostgres(t, postgresServer)

test('after a change of the secret a retry is answered with the token that is stored', async (t) => {
  const DATABASE_URL = await shared(t)
  const before = await build(t, { DATABASE_URL })
  const { refreshToken } = await before.session('user')
  const lost = await exchange(before.app, refreshToken)
  const after = await build(t, { DATABASE_URL, JWT_SECRET: 'quite another secret, which nobody knows yet' })
  const retried = await exchange(after.app, refreshToken)
  t.equal(retried.refresh_token, lost.refresh_token)
  t.equal(await status(after.app, bearer(retried.access_token)), 200)
  t.equal((await refresh(after.app, retried.refresh_token)).statusCode, 200)
})

test('a use that one server sees counts on the other, and two that race give one successor', async (t) => {
  const DATABASE_URL = await shared(t)
  const here = await build(t, { DATABASE_URL, ...short })
  const elsewhere = await build(t, { DATABASE_URL, ...short })
  const { refreshToken, sessionId } = await here.session('user')
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      exchange([here, elsewhere][index % 2]?.app ?? here.app, refreshToken)
    )
  )
  t.equal(new Set(answers.map(({ refresh_token }) => refresh_token)).size, 1)
  t.equal(await status(here.app, bearer(answers[0]?.access_token ?? '')), 200)
  await usedAt(here.db, sessionId)
  await here.db
    .updateTable('sessions')
    .set({ used_at: past(1_000) })
    .execute()
  t.equal((await refresh(elsewhere.app, refreshToken)).statusCode, 401)
  t.equal((await thefts(here.db)).length, 1)
})

const ends = {
  'the logout': (app: FastifyInstance, headers: { authorization: string }) =>
    app.inject({ method: 'POST', url: '/logout', headers }),
  'a sign-out everywhere': (app: FastifyInstance, _headers: unknown, admin: { authorization: string }) =>
    app.inject({ method: 'DELETE', url: '/users/2/sessions', headers: admin }),
  'a ban': (app: FastifyInstance, _headers: unknown, admin: { authorization: string }) =>
    app.inject({
      method: 'PATCH',
      url: '/users/2',
      headers: { ...admin, 'if-match': '*' },
      payload: { status: 'disabled' }
    }),
  'a new password': (app: FastifyInstance, _headers: unknown, admin: { authorization: string }) =>
    app.inject({
      method: 'POST',
      url: '/users/2/password',
      headers: admin,
      payload: { password: 'a walk in the rain' }
    })
}

for (const [name, end] of Object.entries(ends)) {
  test(`a refresh that races ${name} leaves nothing alive`, async (t) => {
    const { app, db, session, as } = await build(t)
    const admin = await as('admin')
    const seen = new Set<number>()
    // Each is ahead in every other round, and further each time, until either has come first.
    for (let round = 0; round < 12 || seen.size < 2; round++) {
      await db.updateTable('users').set({ status: 'active' }).execute()
      const { headers, refreshToken } = await session('user')
      const late = async (isLate: boolean) => {
        for (let turn = 0; isLate && turn < 1.5 ** round; turn++) await setImmediate()
      }
      const [refreshed, ended] = await Promise.all([
        late(round % 2 === 0).then(() => refresh(app, refreshToken)),
        late(round % 2 === 1).then(() => end(app, headers, admin))
      ])
      t.ok(ended.statusCode < 300, `${name} is acknowledged`)
      t.ok([200, 401].includes(refreshed.statusCode))
      seen.add(refreshed.statusCode)
      await db.updateTable('users').set({ status: 'active' }).execute()
      t.equal(await status(app, headers), 401)
      t.equal((await refresh(app, refreshToken)).statusCode, 401)
      if (refreshed.statusCode === 200) {
        const pair = refreshed.json<Pair>()
        t.equal(await status(app, bearer(pair.access_token)), 401)
        t.equal((await refresh(app, pair.refresh_token)).statusCode, 401)
      }
    }
    t.same([...seen].sort(), [200, 401], 'the one and the other came first')
  })
}

test('a clock that is set back makes no grace longer: a spent token ends its session', async (t) => {
  const { app, db, session } = await build(t, { REFRESH_GRACE: '1m' })
  const { refreshToken, sessionId } = await session('user')
  const { refresh_token } = await exchange(app, refreshToken)
  const use = (used_at: string) =>
    db.updateTable('sessions').set({ used_at }).where('id', '=', sessionId).execute()
  await use(past(-30_000))
  t.equal((await exchange(app, refreshToken)).refresh_token, refresh_token, 'clocks may be apart')
  await use(past(-3_600_000))
  t.equal((await refresh(app, refreshToken)).statusCode, 401)
  t.equal((await refresh(app, refresh_token)).statusCode, 401)
})
