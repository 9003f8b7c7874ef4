import bcrypt from 'bcryptjs'
import type { FastifyInstance } from 'fastify'
import { setImmediate } from 'node:timers/promises'
import { test } from 'tap'
import { databaseBusy } from '../../core/database/failures.ts'
import { TooBusyToHash } from '../../core/passwords/hashing.ts'
import { build } from '../helper.ts'

const signIn = (app: FastifyInstance, username: string, password: string, remoteAddress = '127.0.0.1') =>
  app.inject({ method: 'POST', url: '/login', payload: { username, password }, remoteAddress })

/** An address of its own for each number. */
const address = (number: number) => `198.51.${100 + Math.floor(number / 200)}.${(number % 200) + 1}`

test('unknown user, wrong password and disabled account are told apart by nothing', async (t) => {
  const { app, db, as } = await build(t)
  const admin = await as('admin')
  const made = await app.inject({
    method: 'POST',
    url: '/users',
    headers: admin,
    payload: { username: 'leaver', password: 'walking in the rain', role: 'user' }
  })
  t.equal(made.statusCode, 201)
  await db.updateTable('users').set({ status: 'disabled' }).where('username', '=', 'leaver').execute()

  const answers = [
    await signIn(app, 'nobody-has-this', 'walking in the rain'),
    await signIn(app, 'user', 'walking in the rain'),
    await signIn(app, 'leaver', 'walking in the rain')
  ]
  const seen = answers.map(({ statusCode, headers, body }) => ({
    statusCode,
    headers: Object.keys(headers),
    length: headers['content-length'],
    body: body.replace(/"request_id":"[^"]*"/, '')
  }))
  t.equal(seen[0]?.statusCode, 401)
  t.same(seen[1], seen[0])
  t.same(seen[2], seen[0])
})

/** Without the route's own budget by address, so that the throttle is what answers. */
const unhurried = { RATE_LIMIT_SIGN_IN: '1000000' }

test('ten failures from one network make the next wait, for names that nobody has too, and no other network', async (t) => {
  const { app } = await build(t, unhurried)
  for (const name of ['user', 'nobody-has-this']) {
    const guess = (number: number) => signIn(app, name, 'wrong', `2001:db8::${number}`)
    for (let attempt = 0; attempt < 10; attempt++) t.equal((await guess(attempt)).statusCode, 401)
    const refused = await guess(11)
    t.match(refused.json(), {
      status: 429,
      code: 'SIGN_IN_THROTTLED',
      error: 'Too Many Requests',
      message: 'Rate limit exceeded. Try again in 1 seconds.'
    })
    t.equal(refused.headers['retry-after'], '1')
  }
  t.equal((await signIn(app, 'user', 'password123', '203.0.113.7')).statusCode, 200)
})

test('failures at one spelling tell neither whether anybody has an address, nor whose it is', async (t) => {
  const { app, db } = await build(t, unhurried)
  const verified = {
    email: 'ada@example.com',
    email_key: 'ada@example.com',
    email_verified_at: new Date().toISOString()
  }
  await db.updateTable('users').set(verified).where('username', '=', 'user').execute()
  let networks = 0
  /** The answer to a second spelling when the first has used up what is free in a network. */
  const after = async (first: string, second: string) => {
    const from = address(networks++)
    for (let attempt = 0; attempt < 10; attempt++)
      t.equal((await signIn(app, first, 'wrong', from)).statusCode, 401)
    return (await signIn(app, second, 'wrong', from)).statusCode
  }
  t.equal(await after('user', 'ada@example.com'), 401, 'its owner')
  t.equal(await after('user', 'bob@example.com'), 401, 'somebody else')
  for (const name of ['ada', 'bob']) {
    const spelled = `${name}@example.com`
    t.equal(await after(spelled, `${name.toUpperCase()}@exam\u00adple\u3002COM`), 429, name)
    t.equal(await after(spelled, spelled.replace('a', '\uff41').replace('b', '\uff42')), 401, name)
  }
})

test('guesses at once from many networks: exactly fifty are judged, for names that nobody has too', async (t) => {
  const { app, session } = await build(t)
  await session('user')
  for (const [index, name] of ['user', 'nobody-has-this'].entries()) {
    const answers = await Promise.all(
      Array.from({ length: 80 }, (_, guess) => signIn(app, name, 'wrong', address(guess + index * 100)))
    )
    const count = (code: number) => answers.filter(({ statusCode }) => statusCode === code).length
    t.same([count(401), count(429)], [50, 30], name)
  }
  t.equal((await signIn(app, 'admin', 'password123', address(300))).statusCode, 200, 'another account')
  t.equal((await signIn(app, 'user', 'password123')).statusCode, 200, 'a network with a session')
  t.equal((await signIn(app, 'user', 'password123', address(300))).statusCode, 429, 'but no stranger')

  const admin = { ...(await session('admin')).headers }
  const payload = { password: 'a walk in the rain' }
  const reset = await app.inject({ method: 'POST', url: '/users/2/password', headers: admin, payload })
  t.equal(reset.statusCode, 204)
  const chosen = await signIn(app, 'user', payload.password, address(300))
  t.match(chosen.json(), { status: 403, code: 'PASSWORD_CHANGE_NEEDED' }, 'until it is reset')
})

test('whoever has signed in is let in from there again when strangers guess, though no session is left', async (t) => {
  const { app, db } = await build(t, unhurried)
  t.equal((await signIn(app, 'user', 'password123', '203.0.113.7')).statusCode, 200)
  await db.deleteFrom('sessions').execute()
  await Promise.all(Array.from({ length: 60 }, (_, guess) => signIn(app, 'user', 'wrong', address(guess))))
  t.equal((await signIn(app, 'user', 'password123', '203.0.113.8')).statusCode, 429)
  t.equal((await signIn(app, 'user', 'password123', '203.0.113.7')).statusCode, 200)
})

/** Guesses at the current password of a signed-in caller. */
const guessCurrent = (app: FastifyInstance, headers: Record<string, string>, current_password = 'wrong') =>
  app.inject({
    method: 'PUT',
    url: '/me/password',
    headers,
    payload: { current_password, new_password: 'a walk in the rain' }
  })

test('a stolen access token guesses the password ten times, whatever it renames the account to', async (t) => {
  const { app, as } = await build(t)
  const headers = await as('user')
  for (let guess = 0; guess < 10; guess++) {
    const payload = { username: `renamed${guess}` }
    t.equal((await app.inject({ method: 'PATCH', url: '/me', headers, payload })).statusCode, 200)
    t.match((await guessCurrent(app, headers)).json(), { status: 403, code: 'WRONG_PASSWORD' })
  }
  t.match((await guessCurrent(app, headers)).json(), { status: 429, code: 'SIGN_IN_THROTTLED' })
  t.equal((await signIn(app, 'renamed9', 'password123')).statusCode, 429, 'the same account at POST /login')
})

test('a refusal without a verdict is no failure: too many passwords wait, or the database is busy', async (t) => {
  const { app, db, as } = await build(t, unhurried)
  const headers = await as('user')
  const verify = app.passwords.verify.bind(app.passwords)
  const busy = [new TooBusyToHash().with({ headers: { 'retry-after': '2' } }), databaseBusy()]
  const attempts = () => db.selectFrom('sign_in_attempts').selectAll().execute()
  for (const problem of busy) {
    app.passwords.verify = () => Promise.reject(problem)
    for (let attempt = 0; attempt < 12; attempt++) {
      t.equal((await signIn(app, 'user', 'password123')).statusCode, 503)
      t.equal((await guessCurrent(app, headers)).statusCode, 503)
      // It is given back when the answer is out already.
      while ((await attempts()).length > 0) await setImmediate()
    }
    app.passwords.verify = verify
  }
  t.equal((await signIn(app, 'user', 'password123')).statusCode, 200)
})

test('of sixty sign-ins at once from one address exactly ten are evaluated', async (t) => {
  const { app } = await build(t)
  const answers = await Promise.all(Array.from({ length: 60 }, () => signIn(app, 'user', 'password123')))
  const count = (code: number) => answers.filter(({ statusCode }) => statusCode === code).length
  t.same([count(200), count(429)], [10, 50])
  for (const { statusCode, headers } of answers)
    if (statusCode === 429) t.match(headers['retry-after'], /^\d+$/)
})

test('an office behind one address signs in at once where the operator allows it', async (t) => {
  const { app } = await build(t, { RATE_LIMIT_SIGN_IN: '12' })
  const answers = await Promise.all(
    Array.from({ length: 13 }, (_, index) => signIn(app, index % 2 ? 'user' : 'admin', 'password123'))
  )
  t.same(answers.map(({ statusCode }) => statusCode).sort(), [...Array<number>(12).fill(200), 429])
})

test('a hash with another cost is replaced at the next good sign-in', async (t) => {
  const { app, db } = await build(t, { BCRYPT_COST: '5' })
  const old = await bcrypt.hash('password123', 4)
  await db.updateTable('users').set({ password_hash: old }).where('username', '=', 'user').execute()
  const hash = async () =>
    (
      await db
        .selectFrom('users')
        .select('password_hash')
        .where('username', '=', 'user')
        .executeTakeFirstOrThrow()
    ).password_hash
  await signIn(app, 'user', 'wrong')
  t.equal(await hash(), old)
  t.equal((await signIn(app, 'user', 'password123')).statusCode, 200)
  t.equal(bcrypt.getRounds(await hash()), 5)
  t.equal((await signIn(app, 'user', 'password123')).statusCode, 200)
})

test('a password is compared byte for byte', async (t) => {
  const { app, as } = await build(t)
  const headers = await as('admin')
  const password = `${'p'.repeat(63)}\u00e9 and more`.slice(0, 64)
  const made = await app.inject({
    method: 'POST',
    url: '/users',
    headers,
    payload: { username: 'exact', password, role: 'user' }
  })
  t.equal(made.statusCode, 201)
  t.equal((await signIn(app, 'exact', password)).statusCode, 200)
  t.equal((await signIn(app, 'EXACT', password)).statusCode, 200, 'the username has no case')
  for (const other of [
    `${password} `,
    password.toUpperCase(),
    `${password}\u0000`,
    `${password}${'x'.repeat(80)}`
  ]) {
    t.equal((await signIn(app, 'exact', other)).statusCode, 401)
  }
})

test('what a new password may not be is said', async (t) => {
  const { app } = await build(t)
  const register = async (username: string, password: string) => {
    const answer = await app.inject({
      method: 'POST',
      url: '/register',
      payload: { username, password },
      remoteAddress: address(password.length)
    })
    return { status: answer.statusCode, ...answer.json<{ code?: string; detail?: string }>() }
  }
  t.match(await register('grace', 'short'), { status: 400 })
  t.match(await register('grace', 'password123'), { status: 400, code: 'PASSWORD_REFUSED', detail: /common/ })
  t.match(
    await register('grace', 'PassWord123'),
    { status: 400, detail: /common/ },
    'case does not make it rare'
  )
  t.match(await register('grace', 'my name is Grace'), { status: 400, detail: /username/ })
  t.match(await register('grace', 'x'.repeat(257)), { status: 400, code: 'VALIDATION_FAILED' })
  t.match(
    await register('grace', 'only lower case words'),
    { status: 'active', username: 'grace' },
    'no composition rules'
  )
})

test('anybody may register while it is open, and never with a role', async (t) => {
  const { app } = await build(t)
  const register = (payload: object) => app.inject({ method: 'POST', url: '/register', payload })
  const answer = await register({ username: 'Ada', password: 'a walk in the rain' })
  t.equal(answer.statusCode, 201)
  t.match(answer.json(), { id: Number, username: 'Ada', role: 'user', status: 'active' })
  t.notMatch(answer.body, /password|hash/)

  t.match((await register({ username: 'aDA', password: 'a walk in the rain' })).json(), {
    code: 'USERNAME_TAKEN',
    status: 409
  })
  for (const extra of [{ role: 'admin' }, { id: 1 }, { is_admin: true }, { created_at: 'now' }]) {
    t.match((await register({ username: 'eve', password: 'a walk in the rain', ...extra })).json(), {
      code: 'VALIDATION_FAILED'
    })
  }
})

test('registration is closed when the operator says so, and by default in production', async (t) => {
  const payload = { username: 'ada', password: 'a walk in the rain' }
  const environments: Record<string, string>[] = [
    { REGISTRATION: 'closed' },
    {
      NODE_ENV: 'production',
      BCRYPT_COST: '10',
      ADMIN_PASSWORD: 'a password of the operator',
      JWT_SECRET: 'Qm9yZWQgbm93PyBUcnkgdGhpcyBvbmUsIGl0IGlzIGxvbmch'
    }
  ]
  for (const env of environments) {
    const { app } = await build(t, env)
    const answer = await app.inject({ method: 'POST', url: '/register', payload })
    t.match(answer.json(), { status: 403, code: 'REGISTRATION_CLOSED' })
  }
})

test('whoever has a token does not guess the password with it either', async (t) => {
  const { app, as } = await build(t)
  const headers = await as('user')
  const payload = { current_password: 'not this one', new_password: 'a walk in the rain' }
  const guess = () => app.inject({ method: 'PUT', url: '/me/password', headers, payload })
  const answers = await Promise.all(Array.from({ length: 12 }, guess))
  const codes = answers.map((answer) => answer.json<{ code: string }>().code).sort()
  t.same(codes, [...Array<string>(2).fill('SIGN_IN_THROTTLED'), ...Array<string>(10).fill('WRONG_PASSWORD')])
})

test('a password that an administrator has chosen is good for choosing another one, and for nothing else', async (t) => {
  const { app, session } = await build(t, unhurried)
  const admin = await session('admin')
  const before = await session('user')
  const given = { username: 'user', password: 'chosen by the office' }
  const post = (url: string, payload: object, headers = {}) =>
    app.inject({ method: 'POST', url, headers, payload })
  t.equal((await post('/users/2/password', { password: given.password }, admin.headers)).statusCode, 204)
  t.equal((await app.inject({ url: '/me', headers: before.headers })).statusCode, 401)

  const own = 'a walk in the rain'
  for (const attempt of [1, 2, 3])
    t.match((await post('/login', given)).json(), { code: 'PASSWORD_CHANGE_NEEDED' }, `${attempt}`)
  for (const refused of ['password123', given.password])
    t.match((await post('/login', { ...given, new_password: refused })).json(), { code: 'PASSWORD_REFUSED' })
  t.match((await post('/login', { ...given, password: 'wrong', new_password: own })).json(), {
    code: 'INVALID_CREDENTIALS'
  })

  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, index) => post('/login', { ...given, new_password: `${own} ${index}` }))
  )
  const winners = answers.flatMap(({ statusCode }, index) => (statusCode === 200 ? [index] : []))
  t.equal(winners.length, 1, 'of several that choose at once one does')
  t.same(
    answers.filter(({ statusCode }) => statusCode !== 200).map(({ statusCode }) => statusCode),
    Array<number>(7).fill(401)
  )
  const password = `${own} ${winners[0] ?? ''}`
  t.equal((await post('/login', given)).statusCode, 401)
  t.equal((await post('/login', { ...given, password })).statusCode, 200)
  t.equal((await post('/login', { ...given, password, new_password: own })).statusCode, 200, 'at any time')
  t.equal((await post('/login', { ...given, password: own })).statusCode, 200)
})

test('a new name holds no @; names from before keep working', async (t) => {
  const { app, db, as } = await build(t)
  const headers = await as('admin')
  const payload = { username: 'victim@example.com', password: 'a walk in the rain' }
  for (const [method, url, body] of [
    ['POST', '/register', payload],
    ['POST', '/users', { ...payload, role: 'user' }],
    ['PATCH', '/me', { username: payload.username }],
    // In Unicode form NFKC it has one.
    ['POST', '/register', { ...payload, username: 'victim\uff20example.com' }]
  ] as const)
    t.equal((await app.inject({ method, url, headers, payload: body })).statusCode, 400, url)

  const old = { username: 'old@example.com', username_key: 'old@example.com' }
  await db.updateTable('users').set(old).where('id', '=', 2).execute()
  t.equal((await signIn(app, 'OLD@example.com', 'password123')).statusCode, 200)
  t.match((await app.inject({ url: '/users/2', headers })).json(), { username: 'old@example.com' })
})
