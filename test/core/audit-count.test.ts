import { test } from 'tap'
import { countAudit } from '../../core/audit/count.ts'
import type { Db, Tx } from '../../core/database/database.ts'
import { write } from '../../core/database/transaction.ts'
import { build } from '../helper.ts'

const hour = 3_600_000
const began = Date.parse('2026-01-31T09:59:59.999Z')

/** An address in a network of its own for each number. */
const address = (number: number) => `198.51.${100 + Math.floor(number / 200)}.${(number % 200) + 1}`

/** A refused sign-in as an account, or as a name that nobody has. */
const refuse = (tx: Tx, target: string | null, ip: string, now = began) => {
  const event = { action: 'session.refuse', target } as const
  return countAudit(tx, { id: `from-${ip.replaceAll(':', '.')}`, ip, user: null }, event, now)
}

const entries = (db: Db) =>
  db
    .selectFrom('audit')
    .select(['actor_id', 'actor', 'target', 'address', 'count', 'changes'])
    .where('action', '=', 'session.refuse')
    .orderBy('id')
    .execute()

test('refused sign-ins to one account from one network within an hour are one entry that counts them', async (t) => {
  const { app, db, as } = await build(t)
  await write(db, async (tx) => {
    for (let guess = 0; guess < 200; guess++) await refuse(tx, 'user:2', '2001:db8::1')
    for (let guess = 0; guess < 5; guess++) await refuse(tx, 'user:2', '2001:db8::2')
    await refuse(tx, 'user:1', '2001:db8::1')
    await refuse(tx, 'user:2', '2001:db8:1::1')
    await refuse(tx, null, '2001:db8::1')
    await refuse(tx, null, '2001:db8::1')
    await refuse(tx, 'user:2', '2001:db8::1', began + 1)
  })
  const answer = await app.inject({ url: '/audit?action=session.refuse', headers: await as('admin') })
  t.equal(answer.statusCode, 200)
  const seen = answer.json<{ entries: object[] }>().entries.reverse()
  const entry = { action: 'session.refuse', actor: null, at: new Date(began).toISOString(), changes: [] }
  t.match(seen, [
    { ...entry, target: 'user:2', address: '2001:db8::1', count: 205, request_id: 'from-2001.db8..1' },
    { ...entry, target: 'user:1', address: '2001:db8::1', count: 1 },
    { ...entry, target: 'user:2', address: '2001:db8:1::1', count: 1 },
    { ...entry, target: null, address: '2001:db8::1', count: 2 },
    { ...entry, target: 'user:2', at: new Date(began + 1).toISOString(), count: 1 }
  ])
  t.equal(seen.length, 5)
  t.notMatch(answer.body, 'counted_as')
})

test('whoever makes up names and networks gets a bounded number of entries, and hides no account', async (t) => {
  const { db } = await build(t)
  await write(db, async (tx) => {
    for (let number = 0; number < 130; number++) await refuse(tx, null, address(number))
    await refuse(tx, null, address(0))
    await refuse(tx, 'user:2', address(0))
  })
  const seen = await entries(db)
  t.equal(seen.length, 102)
  t.match(seen[0], { target: null, address: address(0), count: 2 })
  t.match(seen[100], {
    target: null,
    address: 'unknown',
    count: 30,
    changes: '[{"member":"others","to":"strangers"}]'
  })
  t.match(seen[101], { target: 'user:2', address: address(0), count: 1 })
  await write(db, (tx) => refuse(tx, null, address(140), began + hour))
  t.match((await entries(db)).at(-1), { address: address(140), count: 1 }, 'an hour later there is room')
})

test('an attack on very many accounts is counted as a whole from the four hundredth on', async (t) => {
  const { db } = await build(t)
  await write(db, async (tx) => {
    for (let id = 1; id <= 403; id++) await refuse(tx, `user:${id}`, address(0))
    await refuse(tx, 'user:400', address(0))
    await refuse(tx, null, address(0))
  })
  const seen = await entries(db)
  t.match(seen.slice(399), [
    { target: 'user:400', count: 2 },
    { target: null, address: 'unknown', count: 3, changes: '[{"member":"others","to":"accounts"}]' },
    { target: null, address: address(0), count: 1, changes: '[]' }
  ])
  t.equal(seen.length, 402)
})

test('refusals at once are all counted, in one entry', async (t) => {
  const { db } = await build(t)
  await Promise.all(
    Array.from({ length: 40 }, (_, index) =>
      write(db, (tx) => refuse(tx, index % 2 ? 'user:1' : null, address(0)))
    )
  )
  t.same(
    (await entries(db)).map(({ count }) => count),
    [20, 20]
  )
})

test('what a caller does is counted for that caller', async (t) => {
  const { db } = await build(t)
  const event = { action: 'session.refuse', target: 'user:1' } as const
  const source = (id: number, username: string) => ({ id: 'r-1', ip: address(0), user: { id, username } })
  await write(db, async (tx) => {
    await countAudit(tx, source(1, 'admin'), event, began)
    await countAudit(tx, source(2, 'user'), event, began)
    await countAudit(tx, source(2, 'renamed'), event, began)
  })
  const seen = await entries(db)
  t.equal(seen.length, 2)
  t.match(seen, [
    { actor_id: 1, actor: 'admin', count: 1 },
    { actor_id: 2, actor: 'user', count: 2 }
  ])
})

test('guesses at POST /login leave one entry, and nothing of the names that were tried', async (t) => {
  const { app, db } = await build(t, { RATE_LIMIT_SIGN_IN: '1000' })
  const guess = (username: string) =>
    app.inject({ method: 'POST', url: '/login', payload: { username, password: 'not this one' } })
  for (let count = 0; count < 5; count++) {
    await guess('user')
    await guess(`made-up-${count}`)
  }
  t.match(await entries(db), [
    { target: 'user:2', address: '127.0.0.1', count: 5 },
    { target: null, address: '127.0.0.1', count: 5 }
  ])
  t.notMatch(JSON.stringify(await db.selectFrom('audit').selectAll().execute()), 'made-up')
})
