import { type Test, test } from 'tap'
import { codeOf } from '../../core/database/failures.ts'
import { write } from '../../core/database/transaction.ts'
import { findIdentity, holdIdentity } from '../../core/sessions/identities.ts'
import { findByToken } from '../../core/sessions/refresh-queries.ts'
import { exchange } from '../../core/sessions/rotation.ts'
import { startSession } from '../../core/sessions/sessions.ts'
import { findLeaving, type Scope, signOut } from '../../core/sessions/sign-out.ts'
import { fakeClocks } from '../clock.ts'
import { machine, person } from '../identities.ts'
import { withAccounts } from '../people.ts'
import { ask } from '../request.ts'

const lifetimes = { idle: 1_000_000, absolute: 3_000_000, grace: 10_000 }

async function prepare(t: Test) {
  const db = await withAccounts(t)
  const clocks = fakeClocks(t)
  return {
    db,
    clocks,
    start: (userId = 1) =>
      write(db, (tx) =>
        startSession(tx, { userId, userAgent: 'x', address: '192.0.2.1', amr: ['pwd', 'otp'] }, lifetimes)
      ),
    alive: async () => (await db.selectFrom('sessions').select('id').execute()).map(({ id }) => id)
  }
}

test('whoever has a session is found with what the role lets them do, for as long as it lives', async (t) => {
  const { db, clocks, start } = await prepare(t)
  const { sessionId, refreshToken } = await start()
  const subject = { sessionId, userId: 1 }
  const now = Date.now()
  const found = await findIdentity(db, subject)
  const identity = {
    via: 'session',
    id: 1,
    username: 'ada',
    role: 'user',
    sessionId,
    authTime: now,
    amr: ['pwd', 'otp'],
    mustEnrol: false
  }
  t.match(found, { identity, endsAt: now + lifetimes.idle, unused: undefined })
  const hold = () => write(db, (tx) => holdIdentity(tx, subject))
  t.same(await hold(), found?.identity)
  const permissions = JSON.stringify(['users:read', 'past:glory'])
  const role = { permissions, requests_per_minute: 7, requires_mfa: 1 }
  await db.updateTable('roles').set(role).where('name', '=', 'user').execute()
  t.match(await hold(), { requestsPerMinute: 7, mustEnrol: true })
  t.same([...((await hold())?.permissions ?? [])], ['users:read'])

  const session = await findByToken(db, refreshToken)
  if (session) await exchange(db, refreshToken, session, lifetimes)
  t.match(await findIdentity(db, subject), { unused: 1 }, 'the answer to the exchange was not used yet')

  t.equal(await findIdentity(db, { sessionId, userId: 2 }), undefined)
  t.equal(await findIdentity(db, { sessionId: 'another', userId: 1 }), undefined)
  const change = (status: 'active' | 'disabled') =>
    db.updateTable('users').set({ status }).where('id', '=', 1).execute()
  await change('disabled')
  t.same([await findIdentity(db, subject), await hold()], [undefined, undefined])
  await change('active')
  clocks.pass(lifetimes.idle - 1)
  t.ok(await findIdentity(db, subject))
  clocks.pass(1)
  t.equal(await findIdentity(db, subject), undefined)
})

test('it is left by a refresh token, or else by who is signed in, or else by what was an access token', async (t) => {
  const { db, start } = await prepare(t)
  const { refreshToken, sessionId } = await start()
  const live = await findByToken(db, refreshToken)
  const spent = live && { ...live, token_hash: 'of its successor' }
  const expired = { userId: 1, sessionId: 'expired' }
  const byToken = { userId: 1, sessionId }
  const byUser = { userId: person.id, sessionId: person.sessionId }
  const payload = { refresh_token: refreshToken }
  const leave = async (sent: Parameters<typeof ask>[0], scope: Scope, was?: typeof expired) => {
    const headers = { authorization: 'Bearer a.b.c' }
    const seen = await ask({ headers, ...sent }, (request) =>
      findLeaving(request, scope, (header) => (header === 'Bearer a.b.c' ? was : undefined))
    )
    return seen.error === undefined ? seen.value : codeOf(seen.error)
  }
  t.same(await leave({ payload, session: live, user: person }, 'session', expired), byToken)
  t.same(await leave({ payload, session: spent, user: person }, 'session', expired), byToken)
  t.same(await leave({ payload, session: live, user: person }, 'all'), byToken)
  t.same(await leave({ payload, session: spent, user: person }, 'all', expired), byUser, 'it does not count')
  t.same(await leave({ payload, session: spent }, 'others', expired), 'TOKEN_INVALID')
  t.same(await leave({ payload, user: person }, 'others', expired), byUser)
  t.same(await leave({ user: person }, 'session', expired), byUser)
  t.same(await leave({ user: machine }, 'session', expired), 'SESSION_NEEDED')
  t.same(await leave({}, 'session', expired), expired)
  t.same(await leave({ payload }, 'session', expired), expired)
  t.same(await leave({ payload }, 'session'), undefined, 'it has ended before')
  t.same(await leave({ payload }, 'all', expired), 'TOKEN_INVALID')
  t.same(await leave({}, 'all', expired), 'TOKEN_MISSING')
  t.same(await leave({}, 'session'), 'TOKEN_MISSING')
})

test('this session, the others or all of an account end, and the audit log says which', async (t) => {
  const { db, start, alive } = await prepare(t)
  const [one, two, three] = [await start(), await start(), await start()]
  const other = await start(2)
  const leave = (sessionId: string, scope: Scope, userId = 1) =>
    ask({}, (request) => write(db, (tx) => signOut(tx, request, { userId, sessionId }, scope)))
  await leave(one.sessionId, 'session')
  t.same(new Set(await alive()), new Set([two.sessionId, three.sessionId, other.sessionId]))
  await leave(one.sessionId, 'session')
  await leave(two.sessionId, 'others')
  t.same(new Set(await alive()), new Set([two.sessionId, other.sessionId]))
  await start()
  await leave(two.sessionId, 'all')
  await leave('of nobody', 'all', 3)
  t.same(await alive(), [other.sessionId])
  const entries = db.selectFrom('audit').select(['action', 'actor', 'target', 'changes']).orderBy('id')
  const scope = (to: Scope) => JSON.stringify([{ member: 'scope', to }])
  const common = { action: 'session.end', actor: 'ada' }
  t.same(await entries.execute(), [
    { ...common, target: `session:${one.sessionId}`, changes: scope('session') },
    { ...common, target: 'user:1', changes: scope('others') },
    { ...common, target: 'user:1', changes: scope('all') }
  ])
})
