import bcrypt from 'bcryptjs'
import type { FastifyInstance } from 'fastify'
import { test } from 'tap'
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

test('ten failures from one address make the next wait, and the owner gets in from another', async (t) => {
  const { app } = await build(t)
  for (const name of ['user', 'nobody-has-this']) {
    const from = name === 'user' ? '203.0.113.5' : '203.0.113.6'
    const codes: number[] = []
    for (let attempt = 0; attempt < 10; attempt++)
      codes.push((await signIn(app, name, 'wrong', from)).statusCode)
    t.same(codes, Array<number>(10).fill(401))
  }
  // The budget of POST /login by address is used up as well: ask the throttle by changing the password.
  t.equal((await signIn(app, 'user', 'password123', '203.0.113.7')).statusCode, 200)
})

test('the delay grows with each failure, is told, passes by itself, and is the same for unknown names', async (t) => {
  const { app, db } = await build(t)
  /** Past the route's own budget by address: the same /64, other addresses. */
  const delays = async (name: string) => {
    const told: number[] = []
    for (let failure = 0; failure < 14; failure++) {
      const from = `2001:db8::${failure}`
      const first = await signIn(app, name, 'wrong', from)
      if (first.statusCode === 401) continue
      t.equal(first.statusCode, 429)
      t.match(first.json(), {
        error: 'Too Many Requests',
        message: /^Rate limit exceeded\. Try again in \d+ seconds\.$/
      })
      told.push(Number(first.headers['retry-after']))
    }
    return told
  }
  // All of 2001:db8::/64 is one address: ten attempts a minute, whoever they are for.
  t.same(await delays('user'), [60, 60, 60, 60])

  const failures = async (number: number) => {
    await db
      .updateTable('sign_in_attempts')
      .set({ failures: number, next_at: new Date(0).toISOString() })
      .execute()
    const codes = [
      await signIn(app, 'user', 'wrong', address(number)),
      await signIn(app, 'user', 'wrong', address(number))
    ]
    return codes.map(({ statusCode, headers }) => [statusCode, Number(headers['retry-after'] ?? 0)])
  }
  t.same(await failures(49), [
    [401, 0],
    [429, 1]
  ])
  t.same(await failures(52), [
    [401, 0],
    [429, 8]
  ])
  await db
    .updateTable('sign_in_attempts')
    .set({ next_at: new Date(0).toISOString() })
    .execute()
  t.equal(
    (await signIn(app, 'user', 'password123', address(7))).statusCode,
    200,
    'it is a delay, never a lock'
  )
})

test('guesses at once from many addresses: exactly fifty are evaluated, for known and unknown names', async (t) => {
  const { app, session } = await build(t)
  await session('user')
  for (const [index, name] of ['user', 'nobody-has-this'].entries()) {
    const answers = await Promise.all(
      Array.from({ length: 80 }, (_, guess) => signIn(app, name, 'wrong', address(guess + index * 100)))
    )
    const count = (code: number) => answers.filter(({ statusCode }) => statusCode === code).length
    t.same([count(401), count(429)], [50, 30], name)
  }
  t.equal(
    (await signIn(app, 'admin', 'password123', address(300))).statusCode,
    200,
    'another account is unaffected'
  )
  t.equal(
    (await signIn(app, 'user', 'password123', '127.0.0.1')).statusCode,
    200,
    'the address that the owner is signed in from is not held up'
  )
})

test('of sixty sign-ins at once from one address exactly ten are evaluated', async (t) => {
  const { app } = await build(t)
  const answers = await Promise.all(Array.from({ length: 60 }, () => signIn(app, 'user', 'password123')))
  const count = (code: number) => answers.filter(({ statusCode }) => statusCode === code).length
  t.same([count(200), count(429)], [10, 50])
  for (const { statusCode, headers } of answers)
    if (statusCode === 429) t.match(headers['retry-after'], /^\d+$/)
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
  t.match(await register('grace', '\u00e9'.repeat(37)), { status: 400, detail: /72 bytes/ })
  t.match(await register('grace', 'x'.repeat(73)), { status: 400 })
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
