import { test } from 'tap'
import { tokenIn } from './server.ts'
import { withMail } from './service.ts'

test('whoever is invited chooses a name and a password, and has the role and the address', async (t) => {
  const { app, as, post, deliver, only } = await withMail(t)
  const admin = await as('admin')
  const invite = (payload: object, headers = admin) => post('/invitations', payload, headers)
  t.equal((await invite({ email: 'new@example.com', role: 'user' }, await as('user'))).statusCode, 403)
  t.match((await invite({ email: 'a@b@c', role: 'user' })).json(), { status: 400 })
  t.match((await invite({ email: 'new@example.com', role: 'nobody' })).json(), { code: 'ROLE_UNKNOWN' })
  const made = await invite({ email: 'New@example.com', role: 'user', locale: 'de' })
  t.equal(made.statusCode, 201)
  t.match(made.json(), { email: 'New@example.com', role: 'user', invited_by: 1 })
  t.match((await invite({ email: 'new@EXAMPLE.com', role: 'user' })).json(), {
    status: 409,
    code: 'INVITED_ALREADY'
  })
  const listed = await app.inject({ url: '/invitations', headers: admin })
  t.same(listed.json<{ invitations: object[] }>().invitations, [made.json()])
  t.same((await app.inject({ url: made.headers.location ?? '', headers: admin })).json(), made.json())

  const mail = only(await deliver())
  t.equal(mail.mail.subject, 'Sie sind eingeladen')
  const answer = { token: tokenIn(mail), username: 'newcomer', password: 'a walk in the early rain' }
  t.match((await post('/invitations/accept', { ...answer, username: 'admin' })).json(), {
    code: 'USERNAME_TAKEN'
  })
  const answers = await Promise.all(
    Array.from({ length: 10 }, (_, index) =>
      post('/invitations/accept', { ...answer, username: `newcomer${index}` })
    )
  )
  const codes = answers.map(({ statusCode }) => statusCode).sort()
  t.same(codes, [201, ...Array<number>(9).fill(400)], 'of several at once one')
  t.same((await app.inject({ url: '/invitations', headers: admin })).json(), {
    invitations: [],
    next_cursor: null
  })
  const login = { username: 'new@example.com', password: answer.password }
  t.equal((await post('/login', login)).statusCode, 200)
  t.match((await invite({ email: 'new@example.com', role: 'user' })).json(), {
    status: 409,
    code: 'EMAIL_TAKEN'
  })
})

test('an invitation is withdrawn by hand, and is not worth more than whoever has made it', async (t) => {
  const { app, db, as, post, deliver, only } = await withMail(t)
  const admin = await as('admin')
  const first = await post('/invitations', { email: 'a@example.com', role: 'user' }, admin)
  const mail = only(await deliver())
  const url = first.headers.location ?? ''
  t.equal((await app.inject({ method: 'DELETE', url, headers: admin })).statusCode, 204)
  t.match((await app.inject({ method: 'DELETE', url, headers: admin })).json(), {
    code: 'INVITATION_NOT_FOUND'
  })
  const answer = { token: tokenIn(mail), username: 'newcomer', password: 'a walk in the early rain' }
  t.match((await post('/invitations/accept', answer)).json(), { code: 'LINK_INVALID' })

  await post('/invitations', { email: 'b@example.com', role: 'admin' }, admin)
  const second = only(await deliver())
  await db.updateTable('users').set({ role: 'user' }).where('id', '=', 1).execute()
  const taken = await post('/invitations/accept', { ...answer, token: tokenIn(second) })
  t.match(taken.json(), { code: 'LINK_INVALID' }, 'whoever has invited is no administrator any more')
})

test('an administrator sends a person the link to a new password', async (t) => {
  const { app, as, post, deliver, only, verify } = await withMail(t)
  const admin = await as('admin')
  const send = (id: number) => app.inject({ method: 'POST', url: `/users/${id}/recovery`, headers: admin })
  t.match((await send(2)).json(), { status: 409, code: 'NOT_REACHABLE' })
  t.match((await send(999)).json(), { code: 'USER_NOT_FOUND' })
  await verify('user', 'ada@example.com')
  t.equal((await send(2)).statusCode, 202)
  const payload = { token: tokenIn(only(await deliver())), new_password: 'a walk in the early rain' }
  t.equal((await post('/login', { username: 'user', password: 'password123' })).statusCode, 200, 'until then')
  t.equal((await post('/recover/complete', payload)).statusCode, 204)
  t.equal((await post('/login', { username: 'user', password: payload.new_password })).statusCode, 200)
})
