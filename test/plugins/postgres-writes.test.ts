import { sql } from 'kysely'
import { once } from 'node:events'
import { test } from 'tap'
import type { Db, Tx } from '../../core/database/database.ts'
import { databaseProblem } from '../../core/database/failures.ts'
import { openDatabase } from '../../core/database/open.ts'
import { write } from '../../core/database/transaction.ts'
import { postgresServer } from '../database.ts'
import { build } from '../helper.ts'

const onPostgres =
  postgresServer === undefined ? { skip: 'TEST_DATABASE_URL names no PostgreSQL server' } : {}

/** A sign that can be given and waited for. */
function sign() {
  const target = new EventTarget()
  const given = once(target, 'given')
  return { give: () => target.dispatchEvent(new Event('given')), given }
}

const lockUser = (tx: Tx, id: number) =>
  tx.selectFrom('users').select('id').where('id', '=', id).forUpdate().execute()

/** Locks the row of an account until the release, past the service. */
async function holdUser(db: Db, id: number) {
  const [held, release] = [sign(), sign()]
  const holding = db.transaction().execute(async (tx) => {
    await lockUser(tx, id)
    held.give()
    await release.given
  })
  await held.given
  return async () => {
    release.give()
    await holding
  }
}

test('a locked row holds up whoever needs it, to a 503 in time, and nobody else', onPostgres, async (t) => {
  const { app, as } = await build(t, { DATABASE_POOL_SIZE: '5' })
  const headers = { ...(await as('admin')), 'if-match': '*' }
  const another = openDatabase(app.config.DATABASE_URL, { longestStatement: 0 })
  t.teardown(() => another.destroy())
  const release = await holdUser(another, 2)
  // More than there are connections.
  const waiting = Array.from({ length: 12 }, () =>
    app.inject({ method: 'PATCH', url: '/users/2', headers, payload: { status: 'active' } })
  )
  const payload = { name: 'editor', description: '', permissions: [], requests_per_minute: 9 }
  const unrelated = app.inject({ method: 'POST', url: '/roles', headers, payload })
  const first = await Promise.race([unrelated, ...waiting])
  t.equal(first.statusCode, 201, 'the unrelated one is answered first')
  for (const answer of await Promise.all(waiting)) {
    t.equal(answer.statusCode, 503)
    t.equal(answer.headers['retry-after'], '1')
    t.match(answer.json(), { code: 'DATABASE_BUSY' })
  }
  await release()
  const again = await app.inject({
    method: 'PATCH',
    url: '/users/2',
    headers,
    payload: { status: 'active' }
  })
  t.equal(again.statusCode, 200)
})

test('a write that gets no connection in time is a 503, and is not made later', onPostgres, async (t) => {
  const { db } = await build(t, { DATABASE_POOL_SIZE: '1' })
  const release = await holdUser(db, 2)
  let ran = false
  const waiting = write(db, async () => {
    ran = true
  })
  const reading = sql`select 1`.execute(db).catch(databaseProblem)
  await t.rejects(waiting, { code: 'DATABASE_BUSY', occurrence: { headers: { 'retry-after': '1' } } })
  t.match(await reading, { code: 'DATABASE_BUSY' }, 'nor does a query wait for ever')
  await release()
  await write(db, async () => undefined)
  t.notOk(ran)
})

test('two writes that wait for each other both commit: one begins anew', onPostgres, async (t) => {
  const { db } = await build(t)
  let attempts = 0
  const both = [sign(), sign()] as const
  const lockBoth = (mine: 0 | 1) =>
    write(db, async (tx) => {
      attempts++
      const [first, second] = mine === 0 ? [1, 2] : [2, 1]
      await lockUser(tx, first)
      both[mine].give()
      await both[1 - mine]?.given
      await lockUser(tx, second)
    })
  await Promise.all([lockBoth(0), lockBoth(1)])
  t.ok(attempts > 2, `${attempts} attempts`)
})
