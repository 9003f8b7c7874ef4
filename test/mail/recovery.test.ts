import type { FastifyInstance } from 'fastify'
import { test } from 'tap'
import { until } from '../until.ts'
import { addressedTo, tokenIn } from './server.ts'
import { withMail } from './service.ts'

const password = 'a walk in the early rain'

const signIn = (app: FastifyInstance, username: string, secret: string) =>
  app.inject({
    method: 'POST',
    url: '/login',
    payload: { username, password: secret },
    headers: { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Firefox/145.0 http://evil.example' }
  })

test('an address is confirmed, signs in and recovers; the mails are in the language of the account', async (t) => {
  const { app, as, post, deliver, only, verify } = await withMail(t)
  const headers = await as('user')
  t.match((await app.inject({ url: '/me', headers })).json(), { email: null, locale: 'en' })
  await verify('user', 'Ada@example.com')
  t.match((await app.inject({ url: '/me', headers })).json(), { email: 'Ada@example.com' })

  t.equal((await signIn(app, 'ada@EXAMPLE.com', 'password123')).statusCode, 200)
  const device = only(await deliver())
  t.equal(device.mail.subject, 'A sign-in from a new device')
  t.match(device.mail.text, /Firefox, Linux, from 127\.0\.0\.1/)
  t.notMatch(device.mail.text, /evil/, 'who signs in writes nothing into the mail')
  t.equal((await signIn(app, 'ada@example.com', 'password123')).statusCode, 200)
  t.same(await deliver(), [], 'the device is known now')

  const german = await app.inject({ method: 'PATCH', url: '/me', headers, payload: { locale: 'de' } })
  t.match(german.json(), { locale: 'de', username: 'user' })
  for (let wrong = 0; wrong < 10; wrong++) t.equal((await signIn(app, 'user', 'wrong')).statusCode, 401)
  t.equal((await signIn(app, 'user', 'password123')).statusCode, 429)

  t.equal((await post('/recover', { username: 'user' })).statusCode, 202)
  const mail = only(await deliver())
  t.equal(mail.mail.subject, 'Wählen Sie ein neues Passwort')
  t.match(mail.mail.text, /^https:\/\/id\.example\.com\/console\/#\/recover\?token=[\w-]{43}$/m)
  t.equal(mail.mail.headers.get('auto-submitted'), 'auto-generated')
  const token = tokenIn(mail)

  // What opens links before people do reads pages, and a fragment is sent nowhere.
  const [link = ''] = /https:\S+/.exec(mail.mail.text ?? '') ?? []
  const { pathname, search } = new URL(link)
  for (const method of ['GET', 'HEAD', 'GET', 'HEAD', 'GET'] as const) {
    await app.inject({ method, url: pathname + search })
    t.equal((await app.inject({ method, url: `/recover/complete?token=${token}` })).statusCode, 405)
  }

  const common = await post('/recover/complete', { token, new_password: 'password123' })
  t.match(common.json(), { code: 'PASSWORD_REFUSED' }, 'a password that is refused spends nothing')
  t.equal((await post('/recover/complete', { token, new_password: password })).statusCode, 204)
  const again = await post('/recover/complete', { token, new_password: password })
  t.match(again.json(), { status: 400, code: 'LINK_INVALID' })
  t.equal((await app.inject({ url: '/me', headers })).statusCode, 401, 'all sessions have ended')
  t.equal((await signIn(app, 'user', password)).statusCode, 200, 'at once: the failures are forgotten')
  t.equal((await signIn(app, 'user', 'password123')).statusCode, 401)
  t.equal(only(await deliver()).mail.subject, 'Ihr Passwort wurde geändert')

  const audit = await app.inject({ url: '/audit?target=user:2', headers: await as('admin') })
  const actions = audit.json<{ entries: { action: string }[] }>().entries.map(({ action }) => action)
  for (const action of ['email.request', 'email.verify', 'recovery.request', 'password.recover'])
    t.ok(actions.includes(action), action)
  t.notOk(audit.body.includes(token))
})

test('of twenty completions at once one wins, and only the last of several links is good', async (t) => {
  const { db, post, deliver, verify } = await withMail(t)
  await verify('user', 'ada@example.com')
  t.equal((await post('/recover', { username: 'ADA@example.com' })).statusCode, 202)
  const [first] = await deliver()
  t.equal((await post('/recover', { username: 'user' })).statusCode, 202)
  const [last] = await deliver()
  if (!first || !last) throw new Error('no mail')
  const complete = (token: string, index = 0) =>
    post('/recover/complete', { token, new_password: `${password} ${index}` })
  t.match((await complete(tokenIn(first))).json(), { code: 'LINK_INVALID' })

  const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => complete(tokenIn(last), index)))
  const count = (status: number) => answers.filter(({ statusCode }) => statusCode === status).length
  t.same([count(204), count(400)], [1, 19])
  const winner = answers.findIndex(({ statusCode }) => statusCode === 204)
  const { password_hash } = await db
    .selectFrom('users')
    .select('password_hash')
    .where('id', '=', 2)
    .executeTakeFirstOrThrow()
  t.same(await db.selectFrom('one_time_tokens').select('id').where('purpose', '=', 'recovery').execute(), [])
  const login = await post('/login', { username: 'user', password: `${password} ${winner}` })
  t.equal(login.statusCode, 200, password_hash.slice(0, 7))
})

test('a link is good for its hour, for its account while that is active and has the address, and for its purpose', async (t) => {
  const { app, db, as, post, deliver, verify } = await withMail(t)
  await verify('user', 'ada@example.com')
  const link = async () => {
    await db.deleteFrom('sign_in_attempts').execute()
    await post('/recover', { username: 'user' })
    const mail = (await deliver()).find((arrived) => arrived.mail.subject === 'Choose a new password')
    if (!mail) throw new Error('no mail')
    return tokenIn(mail)
  }
  const refused = async (token: string, about: string) =>
    t.match(
      (await post('/recover/complete', { token, new_password: password })).json(),
      { code: 'LINK_INVALID' },
      about
    )

  const late = await link()
  const { expires_at } = await db
    .selectFrom('one_time_tokens')
    .select('expires_at')
    .where('purpose', '=', 'recovery')
    .executeTakeFirstOrThrow()
  const left = Date.parse(expires_at) - Date.now()
  t.ok(left > 3_500_000 && left <= 3_600_000, 'an hour from when it was sent')
  await db.updateTable('one_time_tokens').set({ expires_at: new Date().toISOString() }).execute()
  await refused(late, 'expired')

  const disabled = await link()
  await db.updateTable('users').set({ status: 'disabled' }).where('id', '=', 2).execute()
  await refused(disabled, 'disabled')
  await db.updateTable('users').set({ status: 'active' }).where('id', '=', 2).execute()

  const moved = await link()
  await verify('user', 'lovelace@example.com')
  await refused(moved, 'the account has another address')

  const changed = await link()
  const passwords = { current_password: 'password123', new_password: password }
  const headers = await as('user')
  t.equal(
    (await app.inject({ method: 'PUT', url: '/me/password', headers, payload: passwords })).statusCode,
    204
  )
  await refused(changed, 'the password was changed')

  const other = await link()
  for (const url of ['/email/verify', '/email/undo'])
    t.match((await post(url, { token: other })).json(), { code: 'LINK_INVALID' })
  await refused('A'.repeat(43), 'never sent')
})

test('whose session was stolen is told so, unless the operator has turned notices off', async (t) => {
  for (const MAIL_NOTICES of ['on', 'off']) {
    const { app, post, deliver, verify, session } = await withMail(t, { MAIL_NOTICES, REFRESH_GRACE: '1ms' })
    await verify('user', 'ada@example.com')
    const { refreshToken } = await session('user')
    const refresh = () => post('/refresh', { refresh_token: refreshToken })
    const { access_token } = (await refresh()).json<{ access_token: string }>()
    // Once its token is used, whoever has the one before is a thief, or was robbed.
    await app.inject({ url: '/me', headers: { authorization: `Bearer ${access_token}` } })
    await until(async () => (await refresh()).statusCode === 401)
    const mails = await deliver()
    const told = MAIL_NOTICES === 'on' ? [['ada@example.com']] : []
    t.same(mails.map(addressedTo), told, MAIL_NOTICES)
    if (MAIL_NOTICES === 'on') t.match(mails[0]?.mail.text, /session/)
  }
})
