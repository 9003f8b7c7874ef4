import type { FastifyInstance } from 'fastify'
import { execFileSync, spawnSync } from 'node:child_process'
import { test } from 'tap'
import { write } from '../../core/database/transaction.ts'
import { updateUser } from '../../core/accounts/users.ts'
import { enrol } from '../authenticator.ts'
import { fakeClocks } from '../clock.ts'
import { build } from '../helper.ts'
import { codeAt } from '../totp.ts'

/** Without the budgets by address: what is looked at is the throttle, and the tries of a challenge. */
const unhurried = { RATE_LIMIT_SIGN_IN: '1000000' }

/** A little more than two steps of time: a code of before is neither good nor spent any more. */
const aWhile = 91_000

interface Required {
  challenge: string
  methods: string[]
}

const post = (app: FastifyInstance, url: string, payload: object, headers: Record<string, string> = {}) =>
  app.inject({ method: 'POST', url, payload, headers })

const login = (app: FastifyInstance, password = 'password123', more: object = {}) =>
  post(app, '/login', { username: 'user', password, ...more })

/** A sign-in as far as the second factor. */
const begin = async (app: FastifyInstance, ...args: [string?, object?]) =>
  (await login(app, ...args)).json<Required>().challenge

const verify = (app: FastifyInstance, payload: object) => post(app, '/login/verification', payload)

const statuses = (answers: { statusCode: number }[]) =>
  answers.map(({ statusCode }) => statusCode).sort((a, b) => a - b)

/** A service whose account `user` has a factor, and the clock, which has left its enrolment behind. */
async function prepare(t: Parameters<typeof build>[0], env: Record<string, string> = unhurried) {
  const clock = fakeClocks(t)
  const built = await build(t, env)
  const session = await built.session('user')
  const enrolled = await enrol(built.app, session.headers)
  clock.pass(aWhile)
  return { ...built, ...enrolled, clock, headers: session.headers, sessionId: session.sessionId }
}

test('a factor counts once a code has confirmed it, which is spent by that; it ends the other sessions', async (t) => {
  const clock = fakeClocks(t)
  const { app, db, session } = await build(t)
  const [mine, other] = [await session('user'), await session('user')]
  const { headers } = mine
  const list = async () => (await app.inject({ url: '/me/factors', headers })).json<{ factors: object[] }>()
  t.same(await list(), { factors: [], passkeys: 0, recovery_codes: 0 })

  const abandoned = await post(app, '/me/factors', { kind: 'totp', name: 'Tablet' }, headers)
  const enrolled = await post(app, '/me/factors', { kind: 'totp', name: 'Phone' }, headers)
  t.equal(enrolled.headers['cache-control'], 'no-store')
  const { id, secret, uri } = enrolled.json<{ id: string; secret: string; uri: string }>()
  t.match(secret, /^[A-Z2-7]{32}$/)
  t.match(
    uri,
    `otpauth://totp/Gatehouse:user?issuer=Gatehouse&secret=${secret}&algorithm=SHA1&digits=6&period=30`
  )
  t.match(await list(), { factors: [{ id, kind: 'totp', name: 'Phone', confirmed_at: null }] })
  const place = String(enrolled.headers.location)
  t.match((await app.inject({ url: place, headers })).json(), { id, name: 'Phone' })
  t.equal((await login(app)).statusCode, 200, 'nothing is asked for yet')
  const [row] = await db.selectFrom('factors').selectAll().execute()
  t.notOk(JSON.stringify(row).includes(secret), 'the database holds no seed')

  const confirm = (factor: string, code: string) =>
    post(app, `/me/factors/${factor}/confirmation`, { code }, headers)
  const wrong = await confirm(id, codeAt(secret, Date.now() + 3_600_000))
  t.match(wrong.json(), { status: 403, code: 'WRONG_CODE' })
  const { id: gone } = abandoned.json<{ id: string }>()
  t.match((await confirm(gone, codeAt(secret))).json(), { status: 404, code: 'FACTOR_NOT_FOUND' })
  const code = codeAt(secret)
  const answers = await Promise.all(Array.from({ length: 5 }, () => confirm(id, code)))
  t.same(statuses(answers), [200, 404, 404, 404, 404], 'of several at once one confirms it')
  const confirmed = answers
    .find(({ statusCode }) => statusCode === 200)
    ?.json<{ factor: object; recovery_codes: string[] }>()
  t.match(confirmed?.factor, { id, confirmed_at: String })
  t.equal(new Set(confirmed?.recovery_codes).size, 10)
  for (const one of confirmed?.recovery_codes ?? [])
    t.match(one, /^[0-9A-HJKMNP-TV-Z]{6}(-[0-9A-HJKMNP-TV-Z]{6}){3}$/)
  t.match(await list(), { factors: [{ id }], recovery_codes: 10 })

  t.equal((await app.inject({ url: '/me', headers: other.headers })).statusCode, 401)
  const sessions = await db.selectFrom('sessions').select(['id', 'amr']).execute()
  t.same(sessions, [{ id: mine.sessionId, amr: 'pwd otp mfa' }])
  const entries = await db.selectFrom('audit').select(['action', 'actor', 'target', 'changes']).execute()
  const changes = JSON.stringify([
    { member: 'kind', to: 'totp' },
    { member: 'name', to: 'Phone' }
  ])
  t.match(entries.at(-1), { action: 'factor.add', actor: 'user', target: `factor:${id}`, changes })

  const challenge = await begin(app)
  t.match((await verify(app, { challenge, code })).json(), { status: 403, code: 'WRONG_CODE' }, 'it is spent')
  clock.pass(30_000)
  t.equal((await verify(app, { challenge, code: codeAt(secret) })).statusCode, 200)
})

test('a sign-in with a factor takes two steps: no token after the first, the usual ones after the second', async (t) => {
  const { app, db, secret } = await prepare(t)
  const first = await login(app)
  t.equal(first.statusCode, 401)
  t.equal(first.headers['www-authenticate'], 'Bearer')
  const body = first.json<Required>()
  t.match(body, { code: 'MFA_REQUIRED', methods: ['code', 'recovery_code'], expires_in: 300 })
  t.match(body.challenge, /^[\w-]{43}$/)
  t.notMatch(first.body, /token"/)
  t.equal(first.headers['set-cookie'], undefined)
  t.match(
    (await login(app, 'wrong')).json(),
    { code: 'INVALID_CREDENTIALS' },
    'only the right password gets so far'
  )
  t.notOk(
    JSON.stringify(await db.selectFrom('sign_in_challenges').selectAll().execute()).includes(body.challenge)
  )

  const { challenge } = body
  const bearer = { authorization: `Bearer ${challenge}` }
  t.equal(
    (await app.inject({ url: '/me', headers: bearer })).statusCode,
    401,
    'the challenge is no access token'
  )
  t.equal((await post(app, '/refresh', { refresh_token: challenge })).statusCode, 401, 'nor a refresh token')
  t.equal(
    (await post(app, '/recover/complete', { token: challenge, new_password: 'a walk in the rain' }))
      .statusCode,
    400
  )

  const done = await verify(app, { challenge, code: codeAt(secret) })
  t.match(done.json(), {
    token_type: 'Bearer',
    expires_in: 3600,
    access_token: String,
    refresh_token: String
  })
  const { access_token } = done.json<{ access_token: string }>()
  const claims: unknown = JSON.parse(Buffer.from(access_token.split('.')[1] ?? '', 'base64url').toString())
  t.match(claims, { amr: ['pwd', 'otp', 'mfa'] })
  t.equal(
    (await verify(app, { challenge, code: codeAt(secret) })).json<{ code: string }>().code,
    'CHALLENGE_INVALID'
  )

  const page = { 'sec-fetch-site': 'same-origin' }
  const begun = await post(app, '/login?refresh=cookie', { username: 'user', password: 'password123' }, page)
  t.equal(begun.headers['set-cookie'], undefined)
  const { challenge: next, methods } = begun.json<Required>()
  t.same(methods, ['code', 'recovery_code'])
  const foreign = await post(app, '/login/verification?refresh=cookie', { challenge: next, code: '000000' })
  t.match(foreign.json(), { status: 403, code: 'NOT_SAME_ORIGIN' })
  const payload = { challenge: next, code: codeAt(secret, Date.now() + 30_000) }
  const kept = await post(app, '/login/verification?refresh=cookie', payload, page)
  t.equal(kept.statusCode, 200)
  t.match(kept.headers['set-cookie'], /^refresh=[\w-]{43}; .*HttpOnly; SameSite=Strict/)
  t.notOk('refresh_token' in kept.json<object>())
})

test('twenty posts of one code at once open one session', async (t) => {
  const { app, db, secret } = await prepare(t)
  const challenges = await Promise.all(Array.from({ length: 4 }, () => begin(app)))
  const before = await db.selectFrom('sessions').select('id').execute()
  const code = codeAt(secret)
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, index) => verify(app, { challenge: challenges[index % 4] ?? '', code }))
  )
  t.equal(answers.filter(({ statusCode }) => statusCode === 200).length, 1)
  t.ok(answers.every(({ statusCode }) => [200, 401, 403, 429].includes(statusCode)))
  const after = await db.selectFrom('sessions').select('id').execute()
  t.equal(after.length, before.length + 1)
})

test('of twenty wrong codes at once five are looked at, and then not even the right one; they count as failures', async (t) => {
  const { app, db, secret } = await prepare(t)
  const challenge = await begin(app)
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => verify(app, { challenge, code: codeAt(secret, 0) }))
  )
  t.equal(answers.filter(({ statusCode }) => statusCode === 403).length, 5)
  t.ok(answers.every(({ statusCode }) => [401, 403, 429].includes(statusCode)))
  t.match((await verify(app, { challenge, code: codeAt(secret) })).json(), { code: 'CHALLENGE_INVALID' })
  const tally = () =>
    db.selectFrom('sign_in_attempts').select('failures').where('source', '=', '127.0.0.1').executeTakeFirst()
  t.same(await tally(), { failures: 5 })
  const again = await begin(app)
  t.same(await tally(), { failures: 5 }, 'the right password forgives nothing')
  t.equal((await verify(app, { challenge: again, code: codeAt(secret) })).statusCode, 200)
  t.same(await tally(), undefined, 'the second factor does')
  const counted = await db.selectFrom('audit').select('count').where('action', '=', 'code.refuse').execute()
  t.same(counted, [{ count: 5 }])
})

test('codes may be a step early or late, whatever the second, and no more', async (t) => {
  const { app, db, secret, clock } = await prepare(t)
  const inStep = (second: number) => clock.pass(30_000 - (Date.now() % 30_000) + second * 1_000)
  const tried = async (seconds: number) => {
    await db.updateTable('factors').set({ last_step: null }).execute()
    const challenge = await begin(app)
    return (await verify(app, { challenge, code: codeAt(secret, Date.now() + seconds * 1_000) })).statusCode
  }
  inStep(15)
  for (const seconds of [0, -29, 29, -31, 31])
    t.equal(await tried(seconds), 200, `${seconds} s in the middle`)
  for (const seconds of [-90, 90]) t.equal(await tried(seconds), 403, `${seconds} s`)
  inStep(0)
  for (const [seconds, status] of [
    [-29, 200],
    [29, 200],
    [-31, 403],
    [31, 200]
  ] as const)
    t.equal(await tried(seconds), status, `${seconds} s when a step begins`)
  inStep(29)
  for (const [seconds, status] of [
    [-29, 200],
    [29, 200],
    [-31, 200],
    [31, 403]
  ] as const)
    t.equal(await tried(seconds), status, `${seconds} s when one ends`)
})

test('a code of before the last one that was used counts no more', async (t) => {
  const { app, secret } = await prepare(t)
  const now = Date.now()
  t.equal(
    (await verify(app, { challenge: await begin(app), code: codeAt(secret, now + 30_000) })).statusCode,
    200
  )
  for (const at of [now, now - 30_000, now + 30_000])
    t.equal((await verify(app, { challenge: await begin(app), code: codeAt(secret, at) })).statusCode, 403)
})

const meanwhile: Record<string, (around: Awaited<ReturnType<typeof prepare>>) => Promise<unknown>> = {
  'the account is disabled': ({ db }) => write(db, (tx) => updateUser(tx, 2, { status: 'disabled' })),
  'the password is changed': ({ app, headers }) =>
    app.inject({
      method: 'PUT',
      url: '/me/password',
      headers,
      payload: { current_password: 'password123', new_password: 'a walk in the rain' }
    }),
  'all sessions are ended': async ({ app, as }) =>
    app.inject({ method: 'DELETE', url: '/users/2/sessions', headers: await as('admin') }),
  'five minutes pass': ({ clock }) => {
    clock.pass(300_001)
    return Promise.resolve()
  },
  'the account is deleted': ({ db }) => db.deleteFrom('users').where('id', '=', 2).execute()
}

for (const [name, happen] of Object.entries(meanwhile)) {
  test(`when ${name} between the steps, the sign-in is over`, async (t) => {
    const around = await prepare(t)
    const { app, secret, db } = around
    const challenge = await begin(app)
    await happen(around)
    const before = await db.selectFrom('sessions').select('id').execute()
    const answer = await verify(app, { challenge, code: codeAt(secret) })
    t.match(answer.json(), { status: 401, code: 'CHALLENGE_INVALID' })
    t.same(await db.selectFrom('sessions').select('id').execute(), before)
  })
}

test("a challenge takes no other account's codes, and a removed factor's none", async (t) => {
  const { app, session, secret, id, headers } = await prepare(t)
  const admin = await enrol(app, (await session('admin')).headers)
  const challenge = await begin(app)
  t.equal((await verify(app, { challenge, code: codeAt(admin.secret, Date.now() + 30_000) })).statusCode, 403)
  t.equal((await verify(app, { challenge, recovery_code: admin.codes[0] })).statusCode, 403)
  const removed = await app.inject({ method: 'DELETE', url: `/me/factors/${id}`, headers })
  t.equal(removed.statusCode, 204)
  t.equal((await verify(app, { challenge, code: codeAt(secret) })).statusCode, 403)
  t.same((await app.inject({ url: '/me/factors', headers })).json(), {
    factors: [],
    passkeys: 0,
    recovery_codes: 0
  })
  t.equal((await login(app)).statusCode, 200, 'the password alone is enough again')
})

test('a recovery code takes the place of the factor once, however it is spelt, and its owner is told', async (t) => {
  const { app, db, codes, headers, clock } = await prepare(t)
  const verified = {
    email: 'ada@example.com',
    email_key: 'ada@example.com',
    email_verified_at: new Date().toISOString()
  }
  await db.updateTable('users').set(verified).where('id', '=', 2).execute()
  const [first = '', second = '', third = ''] = codes
  const spelt = ` ${first.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')}`
  const challenges = await Promise.all(Array.from({ length: 6 }, () => begin(app)))
  const answers = await Promise.all(
    challenges.map((challenge) => verify(app, { challenge, recovery_code: spelt }))
  )
  t.same(statuses(answers), [200, 403, 403, 403, 403, 403])
  t.match((await app.inject({ url: '/me/factors', headers })).json(), { recovery_codes: 9 })
  const mails = () =>
    db.selectFrom('mail_outbox').select('kind').where('kind', '=', 'recovery_code').execute()
  t.same(await mails(), [{ kind: 'recovery_code' }])
  const used = db
    .selectFrom('audit')
    .select(['actor', 'target', 'changes'])
    .where('action', '=', 'recovery_code.use')
  t.same(await used.execute(), [{ actor: 'user', target: 'user:2', changes: '[]' }])
  t.notMatch(JSON.stringify(await db.selectFrom('recovery_codes').selectAll().execute()), second)

  clock.pass(900_000)
  const stale = await post(app, '/me/recovery-codes', {}, headers)
  t.match(stale.json(), { status: 401, code: 'REAUTHENTICATION_NEEDED' })
  t.equal((await post(app, '/me/reauthentication', { recovery_code: second }, headers)).statusCode, 204)
  const renewed = await app.inject({ method: 'POST', url: '/me/recovery-codes', headers })
  const { recovery_codes: fresh } = renewed.json<{ recovery_codes: string[] }>()
  t.equal(fresh.length, 10)
  t.equal((await verify(app, { challenge: await begin(app), recovery_code: third })).statusCode, 403)
  t.equal((await verify(app, { challenge: await begin(app), recovery_code: fresh[0] })).statusCode, 200)
})

test('who has a factor proves again who they are by that: a stolen token and the password are not enough', async (t) => {
  const { app, db, clock, secret, headers, sessionId, as } = await prepare(t)
  clock.pass(600_000)
  const change = () =>
    app.inject({
      method: 'PUT',
      url: '/me/password',
      headers,
      payload: { current_password: 'password123', new_password: 'a walk in the rain' }
    })
  t.equal((await change()).statusCode, 401)
  for (const password of ['password123', 'wrong']) {
    const refused = await post(app, '/me/reauthentication', { password }, headers)
    t.match(refused.json(), { status: 403, code: 'FACTOR_NEEDED', methods: ['code', 'recovery_code'] })
  }
  t.same(await db.selectFrom('sign_in_attempts').selectAll().execute(), [], 'the password was not looked at')
  const wrong = await post(app, '/me/reauthentication', { code: codeAt(secret, 0) }, headers)
  t.match(wrong.json(), { status: 403, code: 'WRONG_CODE' })
  const code = codeAt(secret)
  const proofs = await Promise.all(
    Array.from({ length: 6 }, () => post(app, '/me/reauthentication', { code }, headers))
  )
  t.equal(proofs.filter(({ statusCode }) => statusCode === 204).length, 1)
  const session = db.selectFrom('sessions').select(['auth_time', 'amr']).where('id', '=', sessionId)
  t.same(await session.execute(), [{ auth_time: new Date().toISOString(), amr: 'pwd otp mfa' }])
  t.equal((await change()).statusCode, 204)
  const none = await post(app, '/me/reauthentication', { code }, await as('admin'))
  t.match(none.json(), { status: 403, code: 'WRONG_CODE' }, 'an account without a factor has no code')
  t.match((await post(app, '/me/recovery-codes', {}, await as('admin'))).json(), {
    status: 409,
    code: 'NO_FACTOR'
  })
})

test('a password that an administrator has chosen is replaced once the factor was right, not before', async (t) => {
  const { app, db, as, secret } = await prepare(t)
  const chosen = 'chosen by somebody else'
  const set = await post(app, '/users/2/password', { password: chosen }, await as('admin'))
  t.equal(set.statusCode, 204)
  t.match((await login(app, chosen)).json(), { status: 403, code: 'PASSWORD_CHANGE_NEEDED' })
  const begun = await login(app, chosen, { new_password: 'a walk in the rain' })
  t.match(begun.json(), { status: 401, code: 'MFA_REQUIRED' })
  t.match((await login(app, 'a walk in the rain')).json(), { code: 'INVALID_CREDENTIALS' }, 'not yet')
  const { challenge } = begun.json<Required>()
  t.equal((await verify(app, { challenge, code: codeAt(secret) })).statusCode, 200)
  t.match((await login(app, chosen)).json(), { code: 'INVALID_CREDENTIALS' })
  t.match((await login(app, 'a walk in the rain')).json(), { code: 'MFA_REQUIRED' })
  const user = db.selectFrom('users').select('must_change_password').where('id', '=', 2)
  t.same(await user.executeTakeFirst(), { must_change_password: 0 })
})

test('an account has ten factors and ten open sign-ins at most', async (t) => {
  const { app, db, headers, clock } = await prepare(t)
  for (let count = 1; count < 10; count++) {
    t.same((await enrol(app, headers, `Device ${count}`)).status, [201, 200])
    clock.pass(1_000)
  }
  const more = await post(app, '/me/factors', { kind: 'totp', name: 'One more' }, headers)
  t.match(more.json(), { status: 409, code: 'TOO_MANY_FACTORS' })
  for (let count = 0; count < 12; count++) await begin(app)
  t.equal((await db.selectFrom('sign_in_challenges').select('hash').execute()).length, 10)
})

test('a request brings one proof, and a challenge with it where it signs in', async (t) => {
  const { app, headers } = await prepare(t)
  const challenge = await begin(app)
  for (const payload of [
    { challenge },
    { code: '123456' },
    { challenge, code: '123456', recovery_code: 'a' },
    { challenge, password: 'password123' },
    { challenge, code: '12345' },
    { challenge, code: 123456 },
    { challenge: 'short', code: '123456' }
  ])
    t.match((await verify(app, payload)).json(), { status: 400, code: 'VALIDATION_FAILED' })
  for (const payload of [{}, { code: '123456', password: 'password123' }])
    t.match((await post(app, '/me/reauthentication', payload, headers)).json(), { code: 'VALIDATION_FAILED' })
})

test('an account whose role needs a factor can add one, see itself and sign out, and nothing else', async (t) => {
  const { app, session, as } = await build(t)
  const mine = await session('user')
  const change = (name: string, payload: object, headers: Record<string, string>) =>
    app.inject({ method: 'PATCH', url: `/roles/${name}`, headers, payload })
  const admin = await as('admin')
  t.match((await change('user', { requires_mfa: true }, admin)).json(), { requires_mfa: true })
  const ask = async (method: 'GET' | 'POST' | 'PATCH' | 'PUT', url: string, payload?: object) => {
    const answer = await app.inject({ method, url, headers: mine.headers, ...(payload && { payload }) })
    return answer.statusCode < 300 ? answer.statusCode : answer.json<{ code: string }>().code
  }
  t.equal(await ask('GET', '/protected'), 'MFA_ENROLMENT_NEEDED', 'from the next request on')
  t.equal(await ask('PATCH', '/me', { username: 'other' }), 'MFA_ENROLMENT_NEEDED')
  t.equal(await ask('PUT', '/me/password', {}), 'MFA_ENROLMENT_NEEDED')
  const isNeeded = async () =>
    (await app.inject({ url: '/me', headers: mine.headers })).json<{ mfa_enrolment_needed: boolean }>()
      .mfa_enrolment_needed
  t.equal(await isNeeded(), true)
  for (const url of ['/me', '/me/factors', '/me/sessions']) t.equal(await ask('GET', url), 200, url)
  t.equal(await ask('POST', '/me/reauthentication', { password: 'password123' }), 204)
  const { id, status } = await enrol(app, mine.headers)
  t.same(status, [201, 200])
  t.equal(await ask('GET', '/protected'), 200, 'with a factor all is as it was')
  t.equal(await isNeeded(), false)
  const removed = await app.inject({ method: 'DELETE', url: `/me/factors/${id}`, headers: mine.headers })
  t.equal(removed.statusCode, 204)
  t.equal(await ask('GET', '/protected'), 'MFA_ENROLMENT_NEEDED')
  t.equal(await ask('POST', '/logout'), 204)

  t.match((await change('admin', { permissions: [] }, admin)).json(), { code: 'ROLE_BUILT_IN' })
  t.match((await change('admin', { requires_mfa: true, description: 'x' }, admin)).json(), {
    code: 'ROLE_BUILT_IN'
  })
  t.match((await change('admin', { requires_mfa: true }, admin)).json(), { requires_mfa: true })
  t.match((await app.inject({ url: '/users', headers: admin })).json(), { code: 'MFA_ENROLMENT_NEEDED' })
  t.same((await enrol(app, admin)).status, [201, 200])
  t.equal((await app.inject({ url: '/users', headers: admin })).statusCode, 200)
})

test('an administrator takes an account the factors that it has lost, nobody mightier, and never their own', async (t) => {
  const { app, db, as, headers } = await prepare(t)
  const admin = await as('admin')
  const of = (id: number, method: 'GET' | 'DELETE', by: Record<string, string>) =>
    app.inject({ method, url: `/users/${id}/factors`, headers: by })
  t.match((await of(2, 'GET', admin)).json(), { factors: [{ name: 'Phone' }], recovery_codes: 10 })
  t.equal((await of(2, 'GET', headers)).statusCode, 403)
  t.match((await of(1, 'DELETE', admin)).json(), { status: 409, code: 'USE_OWN_FACTORS' })
  const helper = { name: 'helper', description: '', permissions: ['factors:write'], requests_per_minute: 100 }
  t.equal((await post(app, '/roles', helper, admin)).statusCode, 201)
  await db.updateTable('users').set({ role: 'helper' }).where('id', '=', 2).execute()
  const mighty = await of(1, 'DELETE', await as('user'))
  t.match(mighty.json(), { status: 403, code: 'BEYOND_OWN_PERMISSIONS' })

  const challenge = await begin(app)
  t.equal((await of(2, 'DELETE', admin)).statusCode, 204)
  t.equal((await app.inject({ url: '/me', headers })).statusCode, 401, 'its sessions have ended')
  t.match((await verify(app, { challenge, recovery_code: 'any' })).json(), { code: 'CHALLENGE_INVALID' })
  t.match((await of(2, 'GET', admin)).json(), { factors: [], passkeys: 0, recovery_codes: 0 })
  t.equal((await login(app)).statusCode, 200)
  const entry = db
    .selectFrom('audit')
    .select(['actor', 'target', 'changes'])
    .where('action', '=', 'factor.reset')
  const changes = JSON.stringify([{ member: 'factors', to: '1' }])
  t.same(await entry.execute(), [{ actor: 'admin', target: 'user:2', changes }])
})

const withoutOathtool = spawnSync('oathtool', ['--version']).status !== 0 && 'oathtool is not installed'

test('oathtool is an authenticator app', { skip: withoutOathtool }, async (t) => {
  const { app, session } = await build(t)
  const { headers } = await session('user')
  const shown = (secret: string, now: number) =>
    execFileSync('oathtool', ['--totp', '--base32', secret, '--now', `@${Math.floor(now / 1_000)}`], {
      encoding: 'utf8'
    }).trim()
  const enrolled = await post(app, '/me/factors', { kind: 'totp', name: 'oathtool' }, headers)
  const { id, secret } = enrolled.json<{ id: string; secret: string }>()
  const code = shown(secret, Date.now())
  t.equal((await post(app, `/me/factors/${id}/confirmation`, { code }, headers)).statusCode, 200)
  const challenge = await begin(app)
  const next = shown(secret, Date.now() + 30_000)
  t.equal((await verify(app, { challenge, code: next })).statusCode, 200)
})
