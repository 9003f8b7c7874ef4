import { randomUUID } from 'node:crypto'
import { test } from 'tap'
import { addressedTo, tokenIn } from './server.ts'
import { withMail } from './service.ts'

test('an address that is not confirmed blocks nobody, and belongs to whoever confirms it first', async (t) => {
  const { app, db, as, post, deliver, only, verify } = await withMail(t)
  const [admin, user] = [await as('admin'), await as('user')]
  const ask = (headers: Record<string, string>, current_password = 'password123') =>
    app.inject({
      method: 'PUT',
      url: '/me/email',
      headers,
      payload: { email: 'ada@example.com', current_password }
    })
  t.match((await ask(user, 'wrong')).json(), { status: 403, code: 'WRONG_PASSWORD' })
  const refusals = db.selectFrom('audit').selectAll().where('action', '=', 'password.refuse')
  t.match(await refusals.execute(), [{ actor: 'user', target: 'user:2', count: 1 }])
  t.same(await deliver(), [])
  t.equal((await ask(user)).statusCode, 202)
  const users = only(await deliver())
  const asked = { email: null, pending_email: 'ada@example.com' }
  t.match((await app.inject({ url: '/me', headers: user })).json(), asked, 'nothing has changed')
  t.equal((await post('/recover', { username: 'ada@example.com' })).statusCode, 202)
  t.same(await deliver(), [], 'an address that nobody has confirmed is sent nothing else')

  t.equal((await ask(admin)).statusCode, 202)
  const admins = only(await deliver())
  t.equal((await post('/email/verify', { token: tokenIn(admins) })).statusCode, 204)
  t.match((await post('/email/verify', { token: tokenIn(users) })).json(), {
    status: 409,
    code: 'EMAIL_TAKEN'
  })
  t.match((await app.inject({ url: '/users/1', headers: admin })).json(), { email: 'ada@example.com' })
  t.match((await app.inject({ url: '/me', headers: admin })).json(), { pending_email: null })

  // Asked for once more, the link before is good no more.
  await app.inject({
    method: 'PUT',
    url: '/me/email',
    headers: user,
    payload: { email: 'b@example.com', current_password: 'password123' }
  })
  t.match((await post('/email/verify', { token: tokenIn(users) })).json(), { code: 'LINK_INVALID' })
  await deliver()
  await verify('user', 'c@example.com')
})

test('whoever takes an address away is undone: it is back, the thief is out, and nothing they did stays', async (t) => {
  const { app, db, as, post, deliver, only, verify, passkey } = await withMail(t)
  await verify('user', 'owner@example.com')
  const owners = await passkey('user')
  await deliver()
  const thief = await as('user')
  const makeKey = async () => {
    const made = await post('/me/keys', { name: 'A program', permissions: [] }, thief)
    return { authorization: `Bearer ${made.json<{ key: string }>().key}` }
  }
  const ownersKey = await makeKey()
  await deliver()
  const taken = await verify('user', 'thief@example.com')
  t.same(taken.flatMap(addressedTo).sort(), ['owner@example.com', 'thief@example.com'])
  const ownersUndo = taken.find(({ recipients }) => recipients[0] === 'owner@example.com')
  if (!ownersUndo) throw new Error('no mail')
  const thiefs = await passkey('user')
  const thiefsKey = await makeKey()
  t.equal((await app.inject({ url: '/me', headers: thiefsKey })).statusCode, 200)
  const at = new Date().toISOString()
  const phone = { id: randomUUID(), user_id: 2, kind: 'totp', name: 'Phone', secret: '-' } as const
  await db
    .insertInto('factors')
    .values({ ...phone, created_at: at, confirmed_at: at })
    .execute()
  t.same(
    (await deliver()).map(({ mail }) => mail.subject),
    ['A passkey was added to your account', 'A key was made for your account']
  )

  // A new password by the thief, with a recovery, does not take the way back away.
  await post('/recover', { username: 'thief@example.com' })
  const recovery = only(await deliver())
  const chosen = { token: tokenIn(recovery), new_password: 'chosen by the thief' }
  t.equal((await post('/recover/complete', chosen)).statusCode, 204)
  await deliver()
  const back = await as('user')
  t.equal((await app.inject({ method: 'DELETE', url: '/me/email', headers: back })).statusCode, 204)
  const thiefsUndo = only(await deliver())
  t.same(addressedTo(thiefsUndo), ['thief@example.com'])

  t.equal((await post('/email/undo', { token: tokenIn(ownersUndo) })).statusCode, 204)
  t.match((await post('/email/undo', { token: tokenIn(ownersUndo) })).json(), { code: 'LINK_INVALID' })
  for (const headers of [thief, back, thiefsKey])
    t.equal((await app.inject({ url: '/me', headers })).statusCode, 401)
  t.equal((await app.inject({ url: '/me', headers: ownersKey })).statusCode, 200, 'a key from before stays')
  t.match((await post('/email/undo', { token: tokenIn(thiefsUndo) })).json(), { code: 'LINK_INVALID' })
  for (const password of ['password123', 'chosen by the thief', '', '!'])
    t.equal((await post('/login', { username: 'user', password })).statusCode, 401)

  const way = only(await deliver())
  t.same(addressedTo(way), ['owner@example.com'])
  t.match((await thiefs()).json(), { code: 'PASSKEY_REFUSED' }, 'a passkey of since then')
  t.equal((await owners()).statusCode, 200, 'but not one from before')
  const own = { token: tokenIn(way), new_password: 'a walk in the early rain' }
  t.equal((await post('/recover/complete', own)).statusCode, 204)
  const login = await post('/login', { username: 'owner@example.com', password: own.new_password })
  t.same(login.json<{ methods: string[] }>().methods, ['passkey', 'recovery_code'], 'the own factor')
})

test('a change that is called off before it is confirmed is not confirmed any more', async (t) => {
  const { app, as, post, deliver, verify } = await withMail(t)
  await verify('user', 'owner@example.com')
  const headers = await as('user')
  const payload = { email: 'other@example.com', current_password: 'password123' }
  t.equal((await app.inject({ method: 'PUT', url: '/me/email', headers, payload })).statusCode, 202)
  const mails = await deliver()
  const to = (email: string) => {
    const mail = mails.find(({ recipients }) => recipients[0] === email)
    if (!mail) throw new Error('no mail')
    return tokenIn(mail)
  }
  t.equal((await post('/email/undo', { token: to('owner@example.com') })).statusCode, 204)
  t.match((await post('/email/verify', { token: to('other@example.com') })).json(), { code: 'LINK_INVALID' })
})
