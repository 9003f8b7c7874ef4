import { type Test, test } from 'tap'
import { lockForSignIn } from '../../core/accounts/sign-in.ts'
import { loadConfig } from '../../core/config/load.ts'
import { codeOf } from '../../core/database/failures.ts'
import { write } from '../../core/database/transaction.ts'
import { insertFactor } from '../../core/factors/factors.ts'
import type { Judges } from '../../core/factors/proofs.ts'
import { renewCodes } from '../../core/factors/recovery-codes.ts'
import type { Passwords } from '../../core/passwords/hashing.ts'
import { findIdentity, type Identity } from '../../core/sessions/identities.ts'
import type { Opening } from '../../core/sessions/open.ts'
import { reauthenticate } from '../../core/sessions/reauthenticate.ts'
import { mfaRequired, verifySignIn } from '../../core/sessions/second-step.ts'
import { mostSessions, startSession } from '../../core/sessions/sessions.ts'
import { signIn } from '../../core/sessions/sign-in.ts'
import { makeSeal } from '../../core/vault/vault.ts'
import { fakeClocks } from '../clock.ts'
import { machine } from '../identities.ts'
import { password, readableHashes, withAccounts } from '../people.ts'
import { ask } from '../request.ts'

const config = loadConfig({
  NODE_ENV: 'test',
  JWT_SECRET: 'a secret that only the tests of this service know'
})
const key = Buffer.alloc(32, 1)
const lifetimes = { idle: 1_000_000, absolute: 3_000_000, grace: 10_000 }
const agent = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

/** Two accounts, and what signs in as them; `during` happens while a password is compared. */
async function prepare(t: Test) {
  const db = await withAccounts(t)
  const clocks = fakeClocks(t)
  const during = { verify: (): Promise<unknown> => Promise.resolve(), compared: [] as (string | undefined)[] }
  const passwords: Passwords = {
    ...readableHashes,
    verify: async (text, hash) => {
      during.compared.push(hash)
      await during.verify()
      return readableHashes.verify(text, hash)
    }
  }
  const challenges = { issue: () => 'none', isOurs: () => false }
  const around: Judges & Opening = {
    db,
    config,
    passwords,
    challenges,
    lifetimes,
    seal: makeSeal([key], 'factors')
  }
  const headers = { 'user-agent': agent }
  return {
    db,
    clocks,
    during,
    around,
    signIn: async (credentials: Parameters<typeof signIn>[2], more: Record<string, string> = {}) =>
      ask({ headers: { ...headers, ...more } }, (request) => signIn(around, request, credentials)),
    verify: (verification: Parameters<typeof verifySignIn>[2]) =>
      ask({ headers }, (request) => verifySignIn(around, request, verification)),
    prove: (user: Identity | undefined, proof: Parameters<typeof reauthenticate>[2]) =>
      ask({ ...(user && { user }) }, (request) => reauthenticate(around, request, proof)),
    /** The account has an authenticator app from now on; answers its recovery codes. */
    addFactor: (userId = 1) =>
      write(db, async (tx) => {
        const { factor } = await insertFactor(tx, around.seal, userId, 'phone')
        const confirmed_at = new Date().toISOString()
        await tx.updateTable('factors').set({ confirmed_at }).where('id', '=', factor.id).execute()
        return renewCodes(tx, userId)
      }),
    change: (values: {
      status?: 'active' | 'disabled'
      password_hash?: string
      must_change_password?: number
    }) => db.updateTable('users').set(values).where('id', '=', 1).execute(),
    sessions: () => db.selectFrom('sessions').selectAll().orderBy('created_at').execute(),
    hash: async () => (await db.transaction().execute((tx) => lockForSignIn(tx, 1)))?.password_hash,
    /** What the audit log has: action, target, and how often. */
    audit: async () =>
      (await db.selectFrom('audit').select(['action', 'target', 'count']).orderBy('id').execute()).map(
        ({ action, target, count }) => `${count} ${action} ${target}`
      )
  }
}

test('a right password opens a session, which the audit log has, and a wrong one is counted', async (t) => {
  const { signIn, sessions, audit, during, change, db, clocks } = await prepare(t)
  t.equal((await signIn({ username: 'ada', password: 'wrong' })).value, undefined)
  t.equal((await signIn({ username: 'nobody', password })).value, undefined)
  await change({ status: 'disabled' })
  t.equal((await signIn({ username: 'ada', password })).value, undefined)
  await change({ status: 'active' })
  const hash = `hash of ${password}`
  t.same(during.compared, [hash, undefined, undefined], 'whoever is not there is compared all the same')
  t.same(await sessions(), [])

  const { value } = await signIn({ username: 'Ada', password }, { 'x-forwarded-for': '192.0.2.7' })
  const [session] = await sessions()
  t.match(value, { user: { id: 1, username: 'ada', role: 'user' }, sessionId: session?.id, amr: ['pwd'] })
  t.match(session, { address: '127.0.0.1', user_agent: agent, forwarded_for: '192.0.2.7', amr: 'pwd' })
  t.same(await audit(), [
    '2 session.refuse user:1',
    '1 session.refuse null',
    `1 session.start session:${session?.id}`
  ])
  const started = db.selectFrom('audit').select('actor').where('action', '=', 'session.start')
  t.same(await started.execute(), [{ actor: 'ada' }])
  clocks.pass(1)
  await signIn({ username: 'bob', password }, { 'user-agent': '' })
  t.match((await sessions())[1], { user_agent: null, forwarded_for: null })
})

test('where an account has too many sessions the oldest ends, and the audit log says why', async (t) => {
  const { signIn, sessions, db, clocks } = await prepare(t)
  for (let number = 0; number < mostSessions; number++) {
    clocks.pass(1)
    await write(db, (tx) => startSession(tx, { userId: 1, userAgent: 'x', address: '192.0.2.1' }, lifetimes))
  }
  const [oldest] = await sessions()
  clocks.pass(1)
  await signIn({ username: 'ada', password })
  const ended = db
    .selectFrom('audit')
    .select(['target', 'actor', 'changes'])
    .where('action', '=', 'session.end')
  const changes = JSON.stringify([{ member: 'scope', to: 'oldest' }])
  t.same(await ended.execute(), [{ target: `session:${oldest?.id}`, actor: 'ada', changes }])
})

test('the owner is told of a device that has not signed in before', async (t) => {
  const { signIn, db } = await prepare(t)
  const at = new Date().toISOString()
  const address = { email: 'ada@example.com', email_key: 'ada@example.com', email_verified_at: at }
  await db.updateTable('users').set(address).where('id', '=', 1).execute()
  const notices = async () =>
    (await db.selectFrom('mail_outbox').select(['kind', 'details']).execute()).map(
      ({ kind, details }) => [kind, JSON.parse(details) as unknown] as const
    )
  await signIn({ username: 'ada', password })
  await signIn({ username: 'ada@example.com', password })
  t.match(await notices(), [['device', { address: '127.0.0.1', agent: /Firefox/ }]])
  t.equal((await notices()).length, 1)
  await signIn({ username: 'ada', password }, { 'user-agent': 'curl/8.14' })
  t.equal((await notices()).length, 2)
})

test('a hash of another cost is replaced by a right password, if there is room to hash', async (t) => {
  const { signIn, change, hash, around, sessions } = await prepare(t)
  const old = `old hash of ${password}`
  await change({ password_hash: old })
  await signIn({ username: 'ada', password: 'wrong' })
  t.equal(await hash(), old)
  const busy = { ...around.passwords, hash: () => Promise.reject(new Error('too busy')) }
  const { passwords } = around
  around.passwords = busy
  t.match((await signIn({ username: 'ada', password })).value, { amr: ['pwd'] })
  t.equal(await hash(), old)
  around.passwords = passwords
  await signIn({ username: 'ada', password })
  t.equal(await hash(), `hash of ${password}`)
  t.equal((await sessions()).length, 2)
})

test('a password that changes, or an account that is disabled, while it is compared, lets nobody in', async (t) => {
  const { signIn, change, during, sessions, audit } = await prepare(t)
  for (const meanwhile of [{ password_hash: 'hash of another' }, { status: 'disabled' }] as const) {
    await change({ password_hash: `hash of ${password}`, status: 'active' })
    during.verify = () => change(meanwhile)
    t.equal((await signIn({ username: 'ada', password })).value, undefined)
  }
  t.same(await sessions(), [])
  t.same(await audit(), ['2 session.refuse user:1'])
})

test('ten failures hold up the next one, by name and by address apart, however either is spelt', async (t) => {
  const { signIn, db, during } = await prepare(t)
  const at = new Date().toISOString()
  const address = { email: 'ada@example.com', email_key: 'ada@example.com', email_verified_at: at }
  await db.updateTable('users').set(address).where('id', '=', 1).execute()
  const tryTenTimes = async (...spellings: string[]) => {
    for (let count = 0; count < 10; count++) {
      const username = spellings[count % spellings.length] ?? ''
      t.equal((await signIn({ username, password: 'wrong' })).error, undefined, username)
    }
    for (const username of spellings)
      t.match((await signIn({ username, password })).error, { code: 'SIGN_IN_THROTTLED' }, username)
  }
  await tryTenTimes('ada@example.com', 'ada@EXAMPLE.com')
  await tryTenTimes('ada', 'ADA')
  await tryTenTimes('nobody', 'Nobody')
  await tryTenTimes('nobody@example.com', 'nobody@EXAMPLE.com')
  t.equal((await signIn({ username: 'bob', password: 'wrong' })).error, undefined)

  // What could not be judged is no failure.
  during.verify = () => Promise.reject(new Error('too busy'))
  for (let count = 0; count < 12; count++)
    t.match((await signIn({ username: 'bob', password })).error, { message: 'too busy' })
  during.verify = () => Promise.resolve()
  t.ok((await signIn({ username: 'bob', password })).value)
})

test('a success clears the failures of its account, and a right password before a second factor none', async (t) => {
  const { signIn, addFactor, verify } = await prepare(t)
  const fail = async (times: number, username = 'ada') => {
    for (let count = 0; count < times; count++) await signIn({ username, password: 'wrong' })
  }
  await fail(9, 'bob')
  t.ok((await signIn({ username: 'bob', password })).value)
  await fail(9, 'bob')
  t.ok((await signIn({ username: 'bob', password })).value)

  const [recovery_code = ''] = await addFactor()
  await fail(9)
  const { value } = await signIn({ username: 'ada', password })
  if (!value || !('challenge' in value)) return t.fail('no challenge')
  await fail(1)
  const { challenge } = value
  t.match((await verify({ challenge, recovery_code })).error, { code: 'SIGN_IN_THROTTLED' })
  t.match((await signIn({ username: 'ada', password })).error, { code: 'SIGN_IN_THROTTLED' })
})

test('with a second factor a sign-in takes both steps, and each counts what is wrong', async (t) => {
  const { signIn, verify, addFactor, sessions, audit, change } = await prepare(t)
  // The challenge goes with the hash that the first step leaves.
  await change({ password_hash: `old hash of ${password}` })
  const [recovery_code = '', another = ''] = await addFactor()
  const begin = async () => {
    const { value } = await signIn({ username: 'ada', password })
    if (!value || !('challenge' in value)) throw new Error('no challenge')
    t.same(value.methods, ['code', 'recovery_code'])
    return value.challenge
  }
  const challenge = await begin()
  t.same(await sessions(), [])
  t.match((await verify({ challenge, recovery_code: 'wrong' })).error, { code: 'WRONG_CODE' })
  t.match((await verify({ challenge: 'made up', recovery_code })).error, { code: 'CHALLENGE_INVALID' })
  const { value } = await verify({ challenge, recovery_code })
  const [session] = await sessions()
  t.match(value, { user: { id: 1 }, sessionId: session?.id, amr: ['pwd', 'otp', 'mfa'] })
  t.equal(session?.amr, 'pwd otp mfa')
  t.match(
    (await verify({ challenge, recovery_code: another })).error,
    { code: 'CHALLENGE_INVALID' },
    'used up'
  )
  t.same(await audit(), [
    '1 session.challenge user:1',
    '1 code.refuse user:1',
    '1 recovery_code.use user:1',
    `1 session.start session:${session?.id}`
  ])

  const late = await begin()
  await change({ status: 'disabled' })
  t.match((await verify({ challenge: late, recovery_code: another })).error, { code: 'CHALLENGE_INVALID' })
  t.equal((await sessions()).length, 1)
})

test('wrong codes are failures as wrong passwords are, and a right one clears them', async (t) => {
  const { signIn, verify, addFactor, clocks } = await prepare(t)
  const [one = '', other = ''] = await addFactor()
  const begin = async () => {
    clocks.pass(1)
    const { value } = await signIn({ username: 'ada', password })
    if (!value || !('challenge' in value)) throw new Error('no challenge')
    return value.challenge
  }
  const fail = async (times: number) => {
    for (let count = 0; count < times; count++)
      t.match(
        (await verify({ challenge: await begin(), recovery_code: 'wrong' })).error,
        { code: 'WRONG_CODE' },
        String(count)
      )
  }
  await fail(9)
  t.ok((await verify({ challenge: await begin(), recovery_code: one })).value)
  await fail(9)
  const challenge = await begin()
  await fail(1)
  t.match((await verify({ challenge, recovery_code: other })).error, { code: 'SIGN_IN_THROTTLED' })
})

test('a password that is chosen at the sign-in counts once the sign-in is complete', async (t) => {
  const { signIn, verify, addFactor, change, hash, audit } = await prepare(t)
  await change({ must_change_password: 1, password_hash: `old hash of ${password}` })
  t.match((await signIn({ username: 'ada', password })).error, { code: 'PASSWORD_CHANGE_NEEDED' })
  const chosen = { username: 'ada', password, new_password: 'another walk in the snow' }
  t.ok((await signIn(chosen)).value)
  t.equal(await hash(), 'hash of another walk in the snow')
  t.ok((await audit()).includes('1 password.change user:1'))
  t.equal((await signIn({ username: 'ada', password })).value, undefined)

  const [recovery_code = ''] = await addFactor()
  const again = { username: 'ada', password: chosen.new_password, new_password: 'a third walk in the fog' }
  const { value } = await signIn(again)
  if (!value || !('challenge' in value)) return t.fail('no challenge')
  t.equal(await hash(), 'hash of another walk in the snow')
  t.ok((await verify({ challenge: value.challenge, recovery_code })).value)
  t.equal(await hash(), 'hash of a third walk in the fog')
})

test('what is answered to a right password that is not enough says how to go on', (t) => {
  t.match(mfaRequired('abc', ['code']), {
    code: 'MFA_REQUIRED',
    statusCode: 401,
    occurrence: {
      members: { challenge: 'abc', methods: ['code'], expires_in: 300 },
      headers: { 'www-authenticate': 'Bearer' }
    }
  })
  t.end()
})

test('proving again who one is renews the session, by the password where there is nothing more', async (t) => {
  const { db, around, prove, sessions, audit, clocks, during, addFactor, change } = await prepare(t)
  const { sessionId } = await write(db, (tx) =>
    startSession(tx, { userId: 1, userAgent: 'x', address: '127.0.0.1' }, around.lifetimes)
  )
  const user = (await findIdentity(db, { sessionId, userId: 1 }))?.identity
  t.match((await prove(undefined, { password })).error, { code: 'TOKEN_MISSING' })
  t.match((await prove(machine, { password })).error, { code: 'SESSION_NEEDED' })
  clocks.pass(5_000)
  t.match((await prove(user, { password: 'wrong' })).error, { code: 'WRONG_PASSWORD' })
  t.not((await sessions())[0]?.auth_time, new Date().toISOString())
  t.equal((await prove(user, { password })).error, undefined)
  t.match(await sessions(), [{ amr: 'pwd', auth_time: new Date().toISOString() }])
  t.same(await audit(), ['1 password.refuse user:1', `1 session.reauthenticate session:${sessionId}`])

  during.verify = () => change({ status: 'disabled' })
  t.match((await prove(user, { password })).error, { code: 'TOKEN_INVALID' })
  await change({ status: 'active' })

  let codes: string[] = []
  during.verify = async () => (codes = await addFactor())
  t.match((await prove(user, { password })).error, { code: 'FACTOR_NEEDED' }, 'which was added meanwhile')
  during.compared.length = 0
  t.match((await prove(user, { password })).error, {
    code: 'FACTOR_NEEDED',
    occurrence: { members: { methods: ['code', 'recovery_code'] } }
  })
  t.same(during.compared, [], 'the password was not looked at')
  t.match((await prove(user, { recovery_code: 'wrong' })).error, { code: 'WRONG_CODE' })
  t.equal((await prove(user, { recovery_code: codes[0] ?? '' })).error, undefined)
  t.match(await sessions(), [{ amr: 'pwd otp mfa' }])
  const entry = db.selectFrom('audit').select('changes').where('action', '=', 'session.reauthenticate')
  t.same((await entry.orderBy('id', 'desc').execute())[0], {
    changes: JSON.stringify([{ member: 'amr', to: 'otp' }])
  })
})

test('proofs that are wrong hold up the next, and one that is right clears them', async (t) => {
  const { db, around, prove } = await prepare(t)
  const { sessionId } = await write(db, (tx) =>
    startSession(tx, { userId: 1, userAgent: 'x', address: '127.0.0.1' }, around.lifetimes)
  )
  const user = (await findIdentity(db, { sessionId, userId: 1 }))?.identity
  for (const [proof, times, code] of [
    ['wrong', 9, 'WRONG_PASSWORD'],
    [password, 1, ''],
    ['wrong', 10, 'WRONG_PASSWORD'],
    [password, 1, 'SIGN_IN_THROTTLED']
  ] as const) {
    for (let count = 0; count < times; count++) {
      const { error } = await prove(user, { password: proof })
      t.equal(codeOf(error), code)
    }
  }
})
