import { createHash } from 'node:crypto'
import { test } from 'tap'
import { mostPasskeys } from '../../schemas/passkeys.ts'
import { fakeClocks } from '../clock.ts'
import { Authenticator, type Ceremony } from '../passkeys/authenticator.ts'
import { withPasskeys } from '../passkeys/service.ts'

interface Shown {
  id: string
  credential_id: string
}

test('an account adds a passkey, signs in with it without a name, renames it and removes it', async (t) => {
  const { app, db, as, creation, post, request, signIn } = await withPasskeys(t)
  const headers = {
    ...(await as('user')),
    'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Firefox/145.0'
  }
  t.same((await app.inject({ url: '/me/passkeys', headers })).json(), {
    passkeys: [],
    rp_id: 'localhost',
    user_handle: null
  })

  const options = await creation(headers)
  t.match(options, {
    rp: { id: 'localhost' },
    user: { name: 'user' },
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    attestation: 'none',
    excludeCredentials: []
  })
  t.equal(Buffer.from(options.user.id, 'base64url').length, 64)
  t.equal(Buffer.from(options.challenge, 'base64url').length, 32)
  t.equal((await creation(headers)).user.id, options.user.id, 'drawn once')

  const authenticator = new Authenticator()
  const made = await post('/me/passkeys', { passkey: authenticator.create(options) }, headers)
  t.equal(made.statusCode, 201, made.body)
  const { passkey, recovery_codes } = made.json<{ passkey: Shown; recovery_codes: string[] }>()
  t.equal(recovery_codes.length, 10)
  t.equal(made.headers.location, `/me/passkeys/${passkey.id}`)
  t.match(passkey, {
    name: 'Firefox, Linux',
    transports: ['internal', 'hybrid'],
    backup_eligible: false,
    backed_up: false,
    aaguid: '07070707-0707-0707-0707-070707070707',
    last_used_at: null
  })
  t.same((await creation(headers)).excludeCredentials, [
    { id: passkey.credential_id, type: 'public-key', transports: ['internal', 'hybrid'] }
  ])

  t.match(await request(), { rpId: 'localhost', allowCredentials: [], userVerification: 'required' })
  const signedIn = await signIn(authenticator)
  t.equal(signedIn.statusCode, 200, signedIn.body)
  const tokens = signedIn.json<{ access_token: string; refresh_token: string }>()
  const authorization = `Bearer ${tokens.access_token}`
  const me = await app.inject({ url: '/me', headers: { authorization } })
  const { session_id } = me.json<{ session_id: string }>()
  t.match(me.json(), { username: 'user' })
  const session = db.selectFrom('sessions').select('amr').where('id', '=', session_id)
  t.equal((await session.executeTakeFirstOrThrow()).amr, 'hwk user mfa')
  t.equal((await post('/refresh', { refresh_token: tokens.refresh_token })).statusCode, 200)

  const url = `/me/passkeys/${passkey.id}`
  const renamed = await app.inject({ method: 'PATCH', url, headers, payload: { name: 'The blue key' } })
  t.match(renamed.json(), { id: passkey.id, name: 'The blue key', last_used_at: /Z$/ })
  t.match((await app.inject({ url: '/me/passkeys', headers })).json(), {
    passkeys: [{ name: 'The blue key' }],
    user_handle: options.user.id
  })
  for (const method of ['PATCH', 'DELETE'] as const) {
    const payload = method === 'PATCH' ? { payload: { name: 'Mine' } } : {}
    const stranger = await app.inject({ method, url, headers: await as('admin'), ...payload })
    t.match(stranger.json(), { status: 404, code: 'PASSKEY_NOT_FOUND' }, `${method} by another account`)
  }

  t.equal((await app.inject({ method: 'DELETE', url, headers })).statusCode, 204)
  t.match((await signIn(authenticator)).json(), { status: 401, code: 'PASSKEY_REFUSED' })
  t.equal((await app.inject({ method: 'DELETE', url, headers })).statusCode, 404)
  const entries = await db.selectFrom('audit').select(['action', 'actor', 'changes']).orderBy('id').execute()
  t.match(
    entries.filter(({ action }) => action.startsWith('passkey.')),
    [
      { action: 'passkey.create', actor: 'user', changes: /Firefox, Linux/ },
      { action: 'passkey.update', actor: 'user', changes: /The blue key/ },
      { action: 'passkey.delete', actor: 'user', changes: /The blue key/ }
    ]
  )
})

test('a passkey that may be copied to other devices is no key in hardware, and one that is may say so later', async (t) => {
  const { app, db, owner, signIn } = await withPasskeys(t)
  const { authenticator, headers } = await owner('user', { isBackupEligible: true })
  const synced = { isBackupEligible: true, isBackedUp: true }
  t.equal((await signIn(authenticator, synced)).statusCode, 200)
  t.match((await app.inject({ url: '/me/passkeys', headers })).json(), {
    passkeys: [{ backup_eligible: true, backed_up: true }]
  })
  const sessions = await db.selectFrom('sessions').select('amr').orderBy('created_at').execute()
  t.equal(sessions.at(-1)?.amr, 'swk user mfa')
})

test('what no authenticator of the account has made on a page of this service is not registered', async (t) => {
  const { app, db, as, creation, register, request, post } = await withPasskeys(t)
  const [headers, others] = [await as('user'), await as('admin')]
  const bad: Record<string, Ceremony> = {
    'another origin': { origin: 'https://evil.example' },
    'the same host, another port': { origin: 'http://localhost:3001' },
    'another host': { rpId: 'evil.example' },
    'nobody is there': { isPresent: false },
    'nobody was verified': { isVerified: false },
    'an assertion': { type: 'webauthn.get' },
    'within a page of another site': { crossOrigin: true },
    'within one, as it says itself': { topOrigin: 'https://evil.example' },
    'backed up, but not to be': { isBackedUp: true },
    'no challenge': { challenge: '' },
    'a challenge that was made up': { challenge: 'A'.repeat(43) },
    'a challenge of a sign-in': await request(),
    'a challenge of another account': { challenge: (await creation(others)).challenge }
  }
  for (const [name, ceremony] of Object.entries(bad)) {
    const refused = await register(headers, new Authenticator(), ceremony)
    t.match(refused.json(), { status: 400, code: 'PASSKEY_UNUSABLE' }, name)
  }
  const passkey = new Authenticator().create(await creation(headers))
  const attestationObject = passkey.response.attestationObject.slice(0, -8)
  const cut = { ...passkey, response: { ...passkey.response, attestationObject } }
  t.match((await post('/me/passkeys', { passkey: cut }, headers)).json(), { code: 'PASSKEY_UNUSABLE' })
  const renamed = { ...passkey, id: 'AAAA', rawId: 'AAAA' }
  t.match((await post('/me/passkeys', { passkey: renamed }, headers)).json(), { code: 'PASSKEY_UNUSABLE' })
  const more = { ...passkey, isAdmin: true }
  t.match((await post('/me/passkeys', { passkey: more }, headers)).json(), { code: 'VALIDATION_FAILED' })
  t.same(await db.selectFrom('passkeys').select('id').execute(), [])
  t.equal((await app.inject({ method: 'POST', url: '/me/passkeys/options' })).statusCode, 401)

  t.equal((await post('/me/passkeys', { passkey }, headers)).statusCode, 201)
  const again = await post('/me/passkeys', { passkey }, headers)
  t.match(again.json(), { status: 400, code: 'PASSKEY_CHALLENGE_EXPIRED' }, 'a replay')
})

test('an attestation that nobody has asked for is not looked at: no certificate is read, no address called', async (t) => {
  const { as, register } = await withPasskeys(t)
  const headers = await as('user')
  for (const format of ['packed', 'tpm', 'android-key', 'something-new']) {
    const statement = new Map<string, string | Uint8Array>([['x5c', Buffer.from('no certificate')]])
    const made = await register(headers, new Authenticator(), { attestation: [format, statement] })
    t.equal(made.statusCode, 201, format)
  }
})

test('a passkey that proves nothing signs nobody in, and why is not told', async (t) => {
  const { app, db, as, owner, creation, signIn } = await withPasskeys(t)
  const { authenticator, headers } = await owner('user')
  const { authenticator: foreign } = await owner('admin')
  const bad: Record<string, Ceremony> = {
    'another origin': { origin: 'https://evil.example' },
    'another host': { rpId: 'evil.example' },
    'nobody is there': { isPresent: false },
    'nobody was verified': { isVerified: false },
    'a registration': { type: 'webauthn.create' },
    'within a page of another site': { crossOrigin: true },
    'it may be copied all at once': { isBackupEligible: true },
    'no user handle': { userHandle: null },
    'the user handle of another account': { userHandle: foreign.userHandle },
    'a challenge that was made up': { challenge: 'A'.repeat(43) },
    'a challenge of a registration': { challenge: (await creation(headers)).challenge }
  }
  const seen = new Set<string>()
  const refuse = async (name: string, answer: ReturnType<typeof signIn>) => {
    const { statusCode, headers, body } = await answer
    t.equal(statusCode, 401, name)
    t.equal(headers['www-authenticate'], 'Bearer')
    seen.add(body.replace(/"request_id":"[^"]*"/, ''))
  }
  for (const [name, ceremony] of Object.entries(bad)) await refuse(name, signIn(authenticator, ceremony))
  const stranger = new Authenticator()
  stranger.userHandle = foreign.userHandle
  await refuse('a passkey that nobody has', signIn(stranger))
  stranger.id = authenticator.id
  stranger.userHandle = authenticator.userHandle
  await refuse('the signature of another key', signIn(stranger, { counter: 1_000 }))

  await db.updateTable('users').set({ status: 'disabled' }).where('username', '=', 'user').execute()
  await refuse('a disabled account', signIn(authenticator))
  await db.updateTable('users').set({ status: 'active' }).where('username', '=', 'user').execute()
  t.equal(seen.size, 1)
  t.match([...seen][0], /PASSKEY_REFUSED/)
  t.equal((await signIn(authenticator)).statusCode, 200, 'none of all this has kept its owner out')

  t.same(await db.selectFrom('sign_in_attempts').select('subject').execute(), [], 'nor is a failure of it')
  const counted = await app.inject({ url: '/audit?action=session.refuse', headers: await as('admin') })
  t.match(counted.json(), {
    entries: [
      { target: null, count: 4 },
      { target: 'user:2', count: 10 }
    ]
  })
})

test('a challenge is good once, for five minutes, whoever spells it how', async (t) => {
  const { db, owner, post, request, signIn } = await withPasskeys(t)
  const { authenticator } = await owner('user')
  const passkey = authenticator.get(await request())
  t.equal((await post('/passkeys/sign-in', { passkey })).statusCode, 200)
  const replayed = await post('/passkeys/sign-in', { passkey })
  t.match(replayed.json(), { status: 400, code: 'PASSKEY_CHALLENGE_EXPIRED' })
  const used = JSON.parse(Buffer.from(passkey.response.clientDataJSON, 'base64url').toString()) as {
    challenge: string
  }
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  const last = alphabet[alphabet.indexOf(used.challenge.slice(-1)) ^ 1] ?? ''
  const spelled = await signIn(authenticator, { challenge: used.challenge.slice(0, -1) + last })
  t.match(spelled.json(), { code: 'PASSKEY_REFUSED' }, 'the same bytes, spelled otherwise')

  const spent = await db.selectFrom('passkey_challenges').select('hash').execute()
  t.same(spent.length, 2, 'one for the registration, one for the sign-in')
  t.ok(spent.some(({ hash }) => hash === createHash('sha256').update(used.challenge).digest('base64url')))

  const clocks = fakeClocks(t)
  const [late, inTime] = [await request(), await request()]
  clocks.pass(299_000)
  t.equal((await signIn(authenticator, inTime)).statusCode, 200)
  clocks.pass(2_000)
  t.match((await signIn(authenticator, late)).json(), { code: 'PASSKEY_CHALLENGE_EXPIRED' })
})

test('of twenty sign-ins at once with one challenge one is let in', async (t) => {
  const { db, owner, post, request } = await withPasskeys(t)
  const { authenticator } = await owner('user')
  const options = await request()
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => post('/passkeys/sign-in', { passkey: authenticator.get(options) }))
  )
  const count = (code: number) => answers.filter(({ statusCode }) => statusCode === code).length
  t.same([count(200), count(400)], [1, 19])
  const sessions = db.selectFrom('sessions').select('id').where('amr', '=', 'hwk user mfa')
  t.equal((await sessions.execute()).length, 1)
})

test('a counter that does not grow is a copy: it is refused, recorded, and the owner is told', async (t) => {
  const { db, owner, signIn } = await withPasskeys(t)
  const { authenticator, id } = await owner('user')
  const verified = { email: 'ada@example.com', email_verified_at: new Date().toISOString() }
  await db.updateTable('users').set(verified).where('username', '=', 'user').execute()
  t.equal((await signIn(authenticator, { counter: 7 })).statusCode, 200)
  for (const counter of [7, 3, 0]) {
    const refused = await signIn(authenticator, { counter })
    t.match(refused.json(), { status: 401, code: 'PASSKEY_REFUSED' }, String(counter))
  }
  const clones = db.selectFrom('audit').select('target').where('action', '=', 'passkey.clone')
  t.same(await clones.execute(), Array(3).fill({ target: `passkey:${id}` }))
  const mails = db.selectFrom('mail_outbox').select('kind').where('kind', '=', 'passkey_cloned')
  t.equal((await mails.execute()).length, 3)
  t.equal((await signIn(authenticator, { counter: 4_294_967_295 })).statusCode, 200, 'the other goes on')

  const { authenticator: uncounted } = await owner('admin', { counter: 0 })
  uncounted.counts = false
  for (let use = 0; use < 2; use++) t.equal((await signIn(uncounted)).statusCode, 200, 'neither counts')
})

test('an account has at most twenty passkeys, of two at once too, and each is registered once', async (t) => {
  const { db, as, owner, creation, post, register } = await withPasskeys(t)
  const { authenticator, headers } = await owner('user')
  const taken = await register(await as('admin'), authenticator)
  t.match(taken.json(), { status: 409, code: 'PASSKEY_TAKEN' })
  while ((await creation(headers)).excludeCredentials.length < mostPasskeys - 1)
    t.equal((await register(headers, new Authenticator())).statusCode, 201)
  const passkeys = await Promise.all(
    Array.from({ length: 2 }, async () => new Authenticator().create(await creation(headers)))
  )
  const answers = await Promise.all(passkeys.map((passkey) => post('/me/passkeys', { passkey }, headers)))
  t.same(answers.map(({ statusCode }) => statusCode).sort(), [201, 409])
  t.match(answers.find(({ statusCode }) => statusCode === 409)?.json(), { code: 'TOO_MANY_PASSKEYS' })
  t.equal((await db.selectFrom('passkeys').select('id').execute()).length, mostPasskeys)
})

test('the last way in cannot be removed, but with a password there is another', async (t) => {
  const { app, db, owner, register } = await withPasskeys(t)
  const { headers, id } = await owner('user')
  await db.updateTable('users').set({ password_hash: '!' }).where('username', '=', 'user').execute()
  const remove = () => app.inject({ method: 'DELETE', url: `/me/passkeys/${id}`, headers })
  t.match((await remove()).json(), { status: 409, code: 'LAST_WAY_IN' })
  t.equal((await register(headers, new Authenticator())).statusCode, 201)
  t.equal((await remove()).statusCode, 204)
})

test('whoever asks for options leaves nothing behind', async (t) => {
  const { db, post, request } = await withPasskeys(t)
  const rows = async () => (await db.selectFrom('passkey_challenges').select('hash').execute()).length
  for (let asked = 0; asked < 5; asked++) t.match((await request()).challenge, /^[\w-]{43}$/)
  const passkey = new Authenticator().get(await request(), { userHandle: 'AAAA' })
  t.equal((await post('/passkeys/sign-in', { passkey })).statusCode, 401)
  t.equal(await rows(), 0)
})

test('a page of this origin keeps the refresh token of a passkey in a cookie as well', async (t) => {
  const { app, owner, request } = await withPasskeys(t)
  const { authenticator } = await owner('user')
  const url = '/passkeys/sign-in?refresh=cookie'
  const signIn = async (headers: Record<string, string>) =>
    app.inject({ method: 'POST', url, headers, payload: { passkey: authenticator.get(await request()) } })
  t.match((await signIn({})).json(), { status: 403, code: 'NOT_SAME_ORIGIN' })
  const signedIn = await signIn({ 'sec-fetch-site': 'same-origin' })
  t.equal(signedIn.statusCode, 200)
  t.notOk('refresh_token' in signedIn.json())
  t.match(signedIn.headers['set-cookie'], /^refresh=[\w-]{43}; .*HttpOnly; SameSite=Strict$/)
})

test('sign-ins with passkeys are counted by address', async (t) => {
  const { owner, signIn } = await withPasskeys(t, { RATE_LIMIT_SIGN_IN: '3' })
  const { authenticator } = await owner('user')
  for (let use = 0; use < 3; use++) t.equal((await signIn(authenticator)).statusCode, 200)
  t.match((await signIn(authenticator)).json(), { status: 429, code: 'RATE_LIMITED' })
})

test('passkeys are of the host of PUBLIC_URL, whatever the Host of a request says', async (t) => {
  const { app, as, creation, register, request, post } = await withPasskeys(t, {
    PUBLIC_URL: 'https://ID.example.com:443/iam',
    PASSKEY_ORIGINS:
      'https://app.id.example.com, android:apk-key-hash:YTRlNzQ5ZTJhOGM1YjZmMGQxYzJiM2E0ZTVmNmE3Yjg'
  })
  const headers = await as('user')
  t.match(await creation({ ...headers, host: 'evil.example' }), { rp: { id: 'id.example.com' } })
  for (const origin of [
    'https://id.example.com',
    'https://app.id.example.com',
    'android:apk-key-hash:YTRlNzQ5ZTJhOGM1YjZmMGQxYzJiM2E0ZTVmNmE3Yjg'
  ]) {
    const authenticator = new Authenticator('https://id.example.com')
    const made = await register(headers, authenticator, { origin })
    t.equal(made.statusCode, 201, origin)
    const passkey = authenticator.get(await request(), { origin })
    t.equal((await post('/passkeys/sign-in', { passkey })).statusCode, 200, origin)
  }
  for (const origin of ['https://id.example.com.evil.example', 'http://id.example.com', 'null']) {
    const refused = await register(headers, new Authenticator('https://id.example.com'), { origin })
    t.equal(refused.statusCode, 400, origin)
  }
  t.equal(
    (await app.inject({ url: '/me/passkeys', headers })).json<{ rp_id: string }>().rp_id,
    'id.example.com'
  )
})

test('where no browser would make a passkey there are none, and a list says so', async (t) => {
  const { app, as, post } = await withPasskeys(t, { PUBLIC_URL: 'http://127.0.0.1:3000' })
  const headers = await as('user')
  const passkey = new Authenticator().get({ challenge: 'A'.repeat(43) })
  for (const answer of [
    await post('/passkeys/options'),
    await post('/passkeys/sign-in', {
      passkey: { ...passkey, response: { ...passkey.response, userHandle: 'AAAA' } }
    }),
    await post('/me/passkeys/options', undefined, headers)
  ])
    t.match(answer.json(), { status: 503, code: 'PASSKEYS_NOT_CONFIGURED' })
  t.match((await app.inject({ url: '/me/passkeys', headers })).json(), { passkeys: [], rp_id: null })
})

test('passkeys that nobody can use any more are found by the doctor', async (t) => {
  const { app, db, as, owner } = await withPasskeys(t)
  await owner('user')
  const headers = await as('admin')
  const { checks } = (await app.inject({ url: '/system/checks', headers })).json<{
    checks: { name: string; ok: boolean; text: string }[]
  }>()
  t.match(
    checks.find(({ name }) => name === 'passkeys'),
    { ok: true, text: '1 of localhost' }
  )
  const { checkPasskeys } = await import('../../core/doctor/passkeys.ts')
  await t.rejects(checkPasskeys(db, { ...app.config, PUBLIC_URL: 'https://id.example.com' }), {
    message: /1 of localhost/
  })
  await t.rejects(checkPasskeys(db, { ...app.config, NODE_ENV: 'production' }), { message: /names no host/ })
})

test('whoever has a passkey is asked for it after the password, and a recovery code takes its place', async (t) => {
  const { app, db, as, owner, post, request, session } = await withPasskeys(t)
  const before = await session('user')
  const { authenticator, headers } = await owner('user')
  const { authenticator: foreign, headers: others } = await owner('admin')
  t.equal((await app.inject({ url: '/me', headers: before.headers })).statusCode, 401, 'a password alone')

  const login = () => post('/login', { username: 'user', password: 'password123' })
  const begin = async () => {
    const { status, code, methods, challenge } = (await login()).json<{
      status: number
      code: string
      methods: string[]
      challenge: string
    }>()
    t.same([status, code, methods], [401, 'MFA_REQUIRED', ['passkey', 'recovery_code']])
    return challenge
  }
  const challenge = await begin()
  const options = async (more: object, authorization: Record<string, string> = {}) =>
    (await post('/passkeys/options', more, authorization)).json<{
      challenge: string
      allowCredentials: { id: string }[]
    }>()
  const asked = await options({ challenge })
  t.same(
    asked.allowCredentials.map(({ id }) => id),
    [authenticator.id.toString('base64url')]
  )
  const verify = (passkey: object, which = challenge) =>
    post('/login/verification', { challenge: which, passkey })
  const wrong = { status: 403, code: 'WRONG_PASSKEY' }
  t.match((await verify(authenticator.get(await request()))).json(), wrong, 'signed for a sign-in')
  t.match((await verify(foreign.get(asked))).json(), wrong, "another account's")
  const theirs = await options({}, others)
  t.match((await verify(authenticator.get(theirs))).json(), wrong, "another account's challenge")
  const unverified = authenticator.get(asked, { isVerified: false })
  t.match((await verify(unverified)).json(), wrong, 'nobody was verified')

  const passkey = authenticator.get(asked)
  t.match(
    (await post('/passkeys/sign-in', { passkey })).json(),
    { code: 'PASSKEY_REFUSED' },
    'not for a sign-in'
  )
  const verified = await verify(passkey)
  t.equal(verified.statusCode, 200, verified.body)
  const sessions = db.selectFrom('sessions').select('amr').where('user_id', '=', 2).orderBy('created_at')
  t.equal((await sessions.execute()).at(-1)?.amr, 'pwd hwk user mfa')
  const replayed = await verify(passkey, await begin())
  t.match(replayed.json(), { status: 400, code: 'PASSKEY_CHALLENGE_EXPIRED' })
  t.match((await post('/passkeys/options', { challenge: 'A'.repeat(43) })).json(), {
    code: 'CHALLENGE_INVALID'
  })

  const list = await app.inject({ url: '/me/passkeys', headers: await as('user') })
  const [{ id }] = list.json<{ passkeys: [Shown] }>().passkeys
  const removed = await app.inject({ method: 'DELETE', url: `/me/passkeys/${id}`, headers })
  t.equal(removed.statusCode, 204)
  t.equal((await login()).statusCode, 200, 'without any the password is enough again')
  t.same(await db.selectFrom('recovery_codes').select('hash').where('user_id', '=', 2).execute(), [])
})

test('a passkey proves again who the caller is, where the password alone does not any more', async (t) => {
  const clocks = fakeClocks(t)
  const { app, db, owner, post } = await withPasskeys(t)
  const { authenticator, headers, id } = await owner('user')
  clocks.pass(601_000)
  const remove = () => app.inject({ method: 'DELETE', url: `/me/passkeys/${id}`, headers })
  t.match((await remove()).json(), { status: 401, code: 'REAUTHENTICATION_NEEDED' })
  const prove = (proof: object) => post('/me/reauthentication', proof, headers)
  const needed = await prove({ password: 'password123' })
  t.match(needed.json(), { status: 403, code: 'FACTOR_NEEDED', methods: ['passkey', 'recovery_code'] })

  const options = (await post('/passkeys/options', {}, headers)).json<{ challenge: string }>()
  const foreign = authenticator.get(options, { origin: 'https://evil.example' })
  t.match((await prove({ passkey: foreign })).json(), { status: 403, code: 'WRONG_PASSKEY' })
  const passkey = authenticator.get(options)
  const answers = await Promise.all([prove({ passkey }), prove({ passkey })])
  t.same(answers.map(({ statusCode }) => statusCode).sort(), [204, 400], 'of two at once one')
  t.equal((await remove()).statusCode, 204)
  const refusals = db.selectFrom('audit').select('count').where('action', '=', 'passkey.refuse')
  t.match(await refusals.execute(), [{ count: 1 }])
})

test('a role that needs a second factor is content with a passkey; whoever resets the factors of an account takes it too', async (t) => {
  const { app, as, db, register, signIn } = await withPasskeys(t)
  await db.updateTable('roles').set({ requires_mfa: 1 }).where('name', '=', 'user').execute()
  const headers = await as('user')
  const api = () => app.inject({ url: '/protected', headers })
  t.match((await api()).json(), { status: 403, code: 'MFA_ENROLMENT_NEEDED' })
  const authenticator = new Authenticator()
  t.equal((await register(headers, authenticator)).statusCode, 201)
  t.equal((await api()).statusCode, 200)

  const admin = await as('admin')
  const factors = (method: 'GET' | 'DELETE') =>
    app.inject({ method, url: '/users/2/factors', headers: admin })
  t.match((await factors('GET')).json(), { factors: [], passkeys: 1, recovery_codes: 10 })
  t.equal((await factors('DELETE')).statusCode, 204)
  t.match((await factors('GET')).json(), { factors: [], passkeys: 0, recovery_codes: 0 })
  t.equal((await signIn(authenticator)).statusCode, 401)
})
