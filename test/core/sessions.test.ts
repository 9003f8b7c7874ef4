import { type Test, test } from 'tap'
import { onTouched } from '../../core/changes/touched.ts'
import { write } from '../../core/database/transaction.ts'
import { issueChallenge } from '../../core/factors/challenges.ts'
import { FirstUses } from '../../core/sessions/first-uses.ts'
import { presentedToken } from '../../core/sessions/presented.ts'
import { refreshCookie, requireSameOrigin, tokenInCookie } from '../../core/sessions/refresh-cookie.ts'
import { findByToken, tokenReader } from '../../core/sessions/refresh-queries.ts'
import {
  familyOf,
  firstToken,
  hashOf,
  isRefreshToken,
  newSalt,
  successorOf
} from '../../core/sessions/refresh-tokens.ts'
import { addMethods, renewSession } from '../../core/sessions/renew.ts'
import { exchange, judgeSpent } from '../../core/sessions/rotation.ts'
import { endSessions, listAllSessions, listSessions } from '../../core/sessions/session-queries.ts'
import { expiry, mostSessions, startSession } from '../../core/sessions/sessions.ts'
import { fakeClocks } from '../clock.ts'
import { respell } from '../forge.ts'
import { withAccounts } from '../people.ts'
import { ask } from '../request.ts'
import { turnOver, until } from '../until.ts'

const lifetimes = { idle: 1_000_000, absolute: 3_000_000, grace: 10_000 }

/** A database with two accounts, and what is done with sessions there, by clocks that stand still. */
async function prepare(t: Test) {
  const db = await withAccounts(t)
  const clocks = fakeClocks(t)
  const read = tokenReader(db)
  const touched: unknown[] = []
  onTouched(db, (rows) => touched.push(...(rows === 'all' ? [rows] : rows)))
  return {
    db,
    clocks,
    touched,
    start: (userId = 1, more: Partial<Parameters<typeof startSession>[1]> = {}) =>
      write(db, (tx) =>
        startSession(tx, { userId, userAgent: 'test', address: '192.0.2.1', ...more }, lifetimes)
      ),
    /** What comes of presenting a token, as POST /refresh does. */
    present: async (token: string) => {
      const session = await read(token)
      if (!session) return { outcome: 'unknown' as const }
      return (
        (await exchange(db, token, session, lifetimes)) ??
        (await write(db, (tx) => judgeSpent(tx, token, lifetimes)))
      )
    },
    row: (id: string) => db.selectFrom('sessions').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
    count: async () => (await db.selectFrom('sessions').select('id').execute()).length
  }
}

const tokenOf = (rotation: { outcome: string; refreshToken?: string }) => rotation.refreshToken ?? ''

test('a token is 32 bytes, half of them its session’s, and its successor takes token and salt', (t) => {
  const token = firstToken()
  t.ok(isRefreshToken(token))
  t.not(firstToken(), token)
  for (const other of ['', token.slice(1), `${token}A`, `${token.slice(1)}=`, ` ${token}`, respell(token)])
    t.notOk(isRefreshToken(other), other)
  const salt = newSalt()
  t.equal(Buffer.from(salt, 'base64url').length, 16)
  const next = successorOf(token, salt)
  t.ok(isRefreshToken(next))
  t.not(next, token)
  t.equal(successorOf(token, salt), next)
  t.not(successorOf(token, newSalt()), next)
  t.equal(familyOf(next), familyOf(token))
  t.not(familyOf(firstToken()), familyOf(token))
  t.equal(hashOf('abc'), 'ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0')
  t.not(familyOf(token), hashOf(token))
  t.end()
})

test('a session ends unused, or when its time is over in any case', (t) => {
  const ends = (createdAt: number, now: number) => Date.parse(expiry(createdAt, now, lifetimes))
  t.equal(ends(0, 5), 1_000_005)
  t.equal(ends(0, 2_500_000), 3_000_000)
  t.end()
})

test('a session keeps how it began, and no more of it than there is room for', async (t) => {
  const { start, row, clocks, db, touched } = await prepare(t)
  const now = Date.now()
  const { sessionId, refreshToken, authTime, amr, ended } = await start(1, {
    userAgent: 'a'.repeat(300),
    forwardedFor: 'b'.repeat(300),
    amr: ['pwd', 'otp']
  })
  t.same([authTime, amr, ended], [now, ['pwd', 'otp'], []])
  const at = new Date(now).toISOString()
  t.has(await row(sessionId), {
    user_id: 1,
    created_at: at,
    last_used_at: at,
    auth_time: at,
    used_at: at,
    expires_at: new Date(now + lifetimes.idle).toISOString(),
    user_agent: 'a'.repeat(256),
    forwarded_for: 'b'.repeat(256),
    address: '192.0.2.1',
    amr: 'pwd otp',
    generation: 0,
    family: familyOf(refreshToken),
    token_hash: hashOf(refreshToken)
  })
  const plain = await start(1, { userAgent: undefined })
  t.match(await row(plain.sessionId), { user_agent: null, forwarded_for: null, amr: 'pwd' })

  clocks.pass(5_000)
  const session = { id: 1, sessionId, amr: ['pwd'] }
  t.same(touched, [])
  await write(db, (tx) => addMethods(tx, session, ['hwk', 'pwd']))
  t.match(await row(sessionId), { amr: 'pwd hwk', auth_time: at })
  t.same(touched, [{ table: 'sessions', key: 1 }])
  await write(db, (tx) => renewSession(tx, session, ['otp']))
  t.match(await row(sessionId), { amr: 'pwd otp', auth_time: new Date(now + 5_000).toISOString() })
  t.match(await row(plain.sessionId), { amr: 'pwd', auth_time: at }, 'another one stays as it is')
})

test('of too many sessions of an account the oldest end, and nobody else’s', async (t) => {
  const { start, clocks, count, row, touched } = await prepare(t)
  const other = await start(2)
  const first = await start()
  for (let number = 1; number < mostSessions; number++) {
    clocks.pass(1)
    t.same((await start()).ended, [])
  }
  t.same(touched, [])
  clocks.pass(1)
  t.same((await start()).ended, [first.sessionId])
  t.same(touched, [{ table: 'sessions', key: 1 }])
  t.equal(await count(), mostSessions + 1)
  t.ok(await row(other.sessionId))
})

test('each exchange is one change of the row, of which nothing usable is kept', async (t) => {
  const { start, present, row, clocks } = await prepare(t)
  const { sessionId, refreshToken } = await start()
  clocks.pass(2_000)
  const first = await present(refreshToken)
  t.match(first, {
    outcome: 'refreshed',
    generation: 1,
    id: 1,
    username: 'ada',
    role: 'user',
    sessionId,
    authTime: Date.now() - 2_000,
    amr: ['pwd']
  })
  const now = new Date().toISOString()
  t.match(await row(sessionId), {
    generation: 1,
    token_hash: hashOf(tokenOf(first)),
    parent_hash: hashOf(refreshToken),
    family: familyOf(refreshToken),
    used_at: null,
    prior_salt: null,
    last_used_at: now,
    expires_at: new Date(Date.now() + lifetimes.idle).toISOString()
  })
  const second = await present(tokenOf(first))
  t.match(second, { outcome: 'refreshed', generation: 2 })
  t.not(tokenOf(second), tokenOf(first))
  const { prior_salt, prior_used_at } = await row(sessionId)
  t.type(prior_salt, 'string')
  t.equal(prior_used_at, now, 'whoever exchanges a token has used it')
})

test('a token whose answer was lost is answered with the same successor, however late', async (t) => {
  const { start, present, clocks } = await prepare(t)
  const { refreshToken } = await start()
  const first = await present(refreshToken)
  clocks.pass(lifetimes.grace * 50)
  t.match(await present(refreshToken), { outcome: 'refreshed', refreshToken: tokenOf(first), generation: 1 })
  const second = await present(tokenOf(first))
  clocks.pass(lifetimes.grace)
  t.match(
    await present(refreshToken),
    { outcome: 'refreshed', refreshToken: tokenOf(second), generation: 2 },
    'two steps behind, within the grace'
  )
  clocks.pass(1)
  t.match(await present(refreshToken), { outcome: 'stolen', id: 1, username: 'ada' })
  t.match(await present(tokenOf(second)), { outcome: 'unknown' }, 'which ends the session')
})

test('once an answer was used, the token before it is theft when the grace is over', async (t) => {
  const { db, start, present, clocks, row, touched } = await prepare(t)
  const uses = new FirstUses(db)
  const { refreshToken, sessionId } = await start()
  const first = await present(refreshToken)
  uses.note(sessionId, 0)
  uses.note(sessionId, 1)
  await until(async () => (await row(sessionId)).used_at !== null)
  await uses.close()
  clocks.pass(lifetimes.grace)
  t.match(await present(refreshToken), { outcome: 'refreshed', refreshToken: tokenOf(first) })
  clocks.pass(1)
  touched.length = 0
  t.match(await present(refreshToken), { outcome: 'stolen', sessionId })
  t.same(touched, [{ table: 'sessions', key: 1 }])
})

test('a token three steps behind, or made up of one, is theft', async (t) => {
  const { start, present, row } = await prepare(t)
  const { refreshToken } = await start()
  const bystander = await start()
  const tokens = [refreshToken]
  for (let step = 0; step < 3; step++) tokens.push(tokenOf(await present(tokens.at(-1) ?? '')))
  t.match(await present(refreshToken), { outcome: 'stolen' })
  t.ok(await row(bystander.sessionId), 'the others of the account go on')

  const other = await start()
  await present(other.refreshToken)
  const madeUp = successorOf(other.refreshToken, newSalt())
  t.match(await present(madeUp), { outcome: 'stolen' })
  t.match(await present(firstToken()), { outcome: 'unknown' })
})

test('a session from before there were salts is answered within the grace alone', async (t) => {
  const { db, start, present, row, clocks } = await prepare(t)
  const { refreshToken, sessionId } = await start()
  const spent = successorOf(refreshToken, newSalt())
  const change = {
    family: hashOf(refreshToken),
    parent_hash: hashOf(spent),
    used_at: new Date().toISOString()
  }
  await db.updateTable('sessions').set(change).where('id', '=', sessionId).execute()
  t.equal((await findByToken(db, refreshToken))?.sessionId, sessionId, 'by the hash of its live token')
  clocks.pass(lifetimes.grace)
  t.match(await present(spent), { outcome: 'refused' })
  clocks.pass(1)
  t.match(await present(spent), { outcome: 'stolen' })
  t.rejects(row(sessionId))
})

test('a session that is over, or whose account is disabled, has no tokens', async (t) => {
  const { db, start, present, clocks } = await prepare(t)
  const { refreshToken } = await start()
  const change = (status: 'active' | 'disabled') =>
    db.updateTable('users').set({ status }).where('id', '=', 1).execute()
  await change('disabled')
  t.match(await present(refreshToken), { outcome: 'unknown' })
  await change('active')
  clocks.pass(lifetimes.idle - 1)
  t.ok(await findByToken(db, refreshToken))
  clocks.pass(1)
  t.match(await present(refreshToken), { outcome: 'unknown' })
  t.equal(
    await write(db, (tx) => judgeSpent(tx, refreshToken, lifetimes)).then(({ outcome }) => outcome),
    'refused'
  )
})

test('of two who exchange one token at once, both get the one successor', async (t) => {
  const { start, present } = await prepare(t)
  const { refreshToken } = await start()
  const [one, other] = await Promise.all([present(refreshToken), present(refreshToken)])
  t.match([one, other], [{ outcome: 'refreshed' }, { outcome: 'refreshed' }])
  t.equal(tokenOf(one), tokenOf(other))
})

test('sessions are listed newest first, an account’s or everybody’s, and the one that asks is marked', async (t) => {
  const { db, start, clocks } = await prepare(t)
  const ids: string[] = []
  for (const [userId, address] of [
    [1, '192.0.2.1'],
    [2, '192.0.2.2'],
    [1, '192.0.2.3']
  ] as const) {
    clocks.pass(1)
    ids.push((await start(userId, { address })).sessionId)
  }
  const [a = '', b = '', c = ''] = ids
  const mine = await listSessions(db, 1, {}, c)
  t.same(
    mine.sessions.map(({ id, current }) => [id, current]),
    [
      [c, true],
      [a, false]
    ]
  )
  t.same(Object.keys(mine.sessions[0] ?? {}).sort(), [
    'address',
    'created_at',
    'current',
    'expires_at',
    'id',
    'last_used_at',
    'user_agent'
  ])
  const idsOf = ({ sessions }: { sessions: { id: string }[] }) => sessions.map(({ id }) => id)
  t.same(idsOf(await listSessions(db, 1, { address: '192.0.2.1' }, undefined)), [a])
  const all = await listAllSessions(db, {}, b)
  t.match(all.sessions, [
    { id: c, username: 'ada', user_id: 1, current: false },
    { id: b, username: 'bob', user_id: 2, current: true },
    { id: a }
  ])
  t.same(idsOf(await listAllSessions(db, { user_id: 2 }, undefined)), [b])
  const page = await listAllSessions(db, { limit: 2 }, undefined)
  t.same(idsOf(page), [c, b])
  t.same(idsOf(await listAllSessions(db, { limit: 2, cursor: page.next_cursor ?? '' }, undefined)), [a])
  clocks.pass(lifetimes.idle)
  t.same(idsOf(await listAllSessions(db, {}, undefined)), [])
  t.same(idsOf(await listSessions(db, 1, {}, undefined)), [])
})

test('one session, the others or all of an account end, and others hear of it', async (t) => {
  const { db, start, touched, count, clocks } = await prepare(t)
  const made: string[] = []
  for (let number = 0; number < mostSessions; number++) {
    clocks.pass(1)
    made.push((await start()).sessionId)
  }
  await start(2)
  const end = (which?: { only?: string; except?: string }) => write(db, (tx) => endSessions(tx, 1, which))
  const [one = '', two = ''] = made
  touched.length = 0
  t.equal(await end({ only: one }), 1)
  t.equal(await end({ only: one }), 0)
  t.same(touched[0], { table: 'sessions', key: 1 })
  t.equal(await end({ except: two }), mostSessions - 2)
  t.equal(await count(), 2)
  t.equal(await end(), 1)
  t.equal(await count(), 1)

  const copied = await start()
  const row = await db
    .selectFrom('sessions')
    .selectAll()
    .where('id', '=', copied.sessionId)
    .executeTakeFirstOrThrow()
  const copies = Array.from({ length: 450 }, () => {
    const token = firstToken()
    return { ...row, id: token, family: familyOf(token), token_hash: hashOf(token) }
  })
  await db.insertInto('sessions').values(copies).execute()
  t.equal(await end(), 451, 'also more than one statement ends')
})

test('to end all sessions or all others of an account ends its sign-ins that are under way', async (t) => {
  const { db } = await prepare(t)
  const begin = (userId: number) =>
    write(db, (tx) => issueChallenge(tx, { userId, passwordHash: '-', chosenHash: undefined }))
  const underWay = async () =>
    (await db.selectFrom('sign_in_challenges').select('user_id').orderBy('user_id').execute()).map(
      ({ user_id }) => user_id
    )
  for (const which of [{}, { except: 'this' }]) {
    for (const userId of [1, 2]) await begin(userId)
    await write(db, (tx) => endSessions(tx, 1, { only: 'another' }))
    t.ok((await underWay()).includes(1))
    await write(db, (tx) => endSessions(tx, 1, which))
    t.notOk((await underWay()).includes(1))
  }
  t.same(await underWay(), [2, 2])
})

test('first uses are written down one exchange after the other, later where they cannot be, and before it closes', async (t) => {
  const { db, start, present, row } = await prepare(t)
  const uses = new FirstUses(db)
  const { refreshToken, sessionId } = await start()
  const isUsed = async () => (await row(sessionId)).used_at !== null
  const first = await present(refreshToken)
  uses.note(sessionId, 1)
  await until(isUsed)
  await present(tokenOf(first))
  t.notOk(await isUsed())
  uses.note(sessionId, 2)
  await until(isUsed)

  const many = []
  for (let number = 0; number < 60; number++) {
    const { refreshToken, sessionId } = await start(2)
    await present(refreshToken)
    many.push(sessionId)
  }
  const unused = db.selectFrom('sessions').select('id').where('used_at', 'is', null)
  t.equal((await unused.execute()).length, 60)
  await db.schema.alterTable('sessions').renameTo('away').execute()
  many.forEach((id) => uses.note(id, 1))
  await turnOver()
  await db.schema.alterTable('away').renameTo('sessions').execute()
  await until(async () => (await unused.execute()).length === 0)

  const last = await start()
  await present(last.refreshToken)
  uses.note(last.sessionId, 1)
  await uses.close()
  t.not((await row(last.sessionId)).used_at, null)
  const closed = new FirstUses(db)
  await db.schema.alterTable('sessions').renameTo('away').execute()
  closed.note(sessionId, 2)
  const before = process.hrtime.bigint()
  await turnOver()
  await closed.close()
  t.ok(process.hrtime.bigint() - before < 900_000_000n, 'what cannot be written is given up at once')
})

const own = { 'sec-fetch-site': 'same-origin' }

test('the cookie is for pages of this origin, and by TLS where the browser came so', async (t) => {
  const config = { PUBLIC_URL: undefined, REFRESH_TOKEN_TTL: 90_999 }
  const cookieOf = async (
    headers: Record<string, string>,
    act: 'keep' | 'clear',
    { PUBLIC_URL, REFRESH_TOKEN_TTL }: { PUBLIC_URL: string | undefined; REFRESH_TOKEN_TTL: number } = config
  ) => {
    const cookie = refreshCookie({ PUBLIC_URL, REFRESH_TOKEN_TTL })
    const answer = await ask({ headers }, (request, reply) => {
      if (act === 'keep') cookie.keep(request, reply, 'token')
      else cookie.clear(request, reply)
    })
    return answer.headers['set-cookie']
  }
  t.equal(await cookieOf(own, 'keep'), 'refresh=token; Max-Age=90; Path=/refresh; HttpOnly; SameSite=Strict')
  t.equal(await cookieOf({ ...own, origin: 'http://localhost' }, 'clear'), await cookieOf(own, 'clear'))
  const tls = { ...own, origin: 'https://id.example.com' }
  t.equal(
    await cookieOf(tls, 'keep', { ...config, PUBLIC_URL: 'https://id.example.com/iam/' }),
    '__Secure-refresh=token; Max-Age=90; Path=/iam/refresh; HttpOnly; SameSite=Strict; Secure'
  )
  t.equal(await cookieOf(own, 'clear'), 'refresh=; Max-Age=0; Path=/refresh; HttpOnly; SameSite=Strict')
  t.equal(await cookieOf({ 'sec-fetch-site': 'same-site' }, 'clear'), undefined)

  t.equal((await ask({ headers: own }, requireSameOrigin)).error, undefined)
  t.match(await ask({ headers: { 'sec-fetch-site': 'cross-site' } }, requireSameOrigin), {
    error: { code: 'NOT_SAME_ORIGIN' }
  })
  const tokenIn = async (cookie: string | undefined, headers: Record<string, string> = own) =>
    (await ask({ headers: { ...headers, ...(cookie !== undefined && { cookie }) } }, tokenInCookie)).value
  t.equal(await tokenIn('refresh=a'), 'a')
  t.equal(await tokenIn('other=1;refresh=a;  more=2'), 'a')
  t.equal(await tokenIn('__Secure-refresh=a', tls), 'a')
  const byProxy = { ...own, 'x-forwarded-proto': 'https', cookie: '__Secure-refresh=a' }
  t.equal((await ask({ headers: byProxy, trustProxy: true }, tokenInCookie)).value, 'a')
  t.equal((await ask({ headers: byProxy }, tokenInCookie)).value, undefined)
  for (const cookie of [
    undefined,
    '',
    'other=a',
    'refreshed=a',
    '__Secure-refresh=a',
    'refresh=a; refresh=b'
  ])
    t.equal(await tokenIn(cookie), undefined, String(cookie))
  t.equal(await tokenIn('refresh=a', tls), undefined, 'a name that plain HTTP could plant')
  t.equal(await tokenIn('refresh=a', { 'sec-fetch-site': 'cross-site' }), undefined)
})

test('the token of the body counts, or else what is spelt as ours in the header, or else in the cookie', async (t) => {
  const [inBody, inHeader, inCookie] = [firstToken(), firstToken(), firstToken()]
  const presented = async (headers: Record<string, string>, payload?: object | string) =>
    (await ask({ headers, ...(payload !== undefined && { payload }) }, presentedToken)).value
  const header = { authorization: `Bearer ${inHeader}` }
  const cookie = { ...own, cookie: `refresh=${inCookie}` }
  t.equal(await presented({ ...header, ...cookie }, { refresh_token: inBody }), inBody)
  t.equal(await presented({ ...header, ...cookie }), inHeader)
  t.equal(await presented(cookie), inCookie)
  t.equal(await presented({ authorization: 'Bearer a.b.c', ...cookie }), inCookie)
  t.equal(await presented({ authorization: 'Basic eDp5', ...cookie }, { other: 1 }), inCookie)
  for (const wrong of ['no token', 7, null, ['x']])
    t.equal(
      await presented({ ...header, ...cookie }, { refresh_token: wrong }),
      undefined,
      JSON.stringify(wrong)
    )
  t.equal(await presented({}), undefined)
  for (const body of ['"a text"', 'null'])
    t.equal(await presented({ ...header, 'content-type': 'application/json' }, body), inHeader, body)
  t.equal(await presented(header, []), inHeader)
})
