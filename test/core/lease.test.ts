import { test } from 'tap'
import { endLease, takeLease } from '../../core/database/lease.ts'
import { fakeClocks } from '../clock.ts'
import { withAccounts } from '../people.ts'

const minute = 60_000

test('a lease is one holder’s until it ends or is given back, and is prolonged by its holder', async (t) => {
  const db = await withAccounts(t)
  const clock = fakeClocks(t)
  const take = (holder: string) => takeLease(db, 'test', holder, minute)
  t.same([await take('ada'), await take('bob')], [true, false])
  clock.pass(minute - 1)
  t.same([await take('ada'), await take('bob')], [true, false])
  clock.pass(minute)
  t.same([await take('bob'), await take('ada')], [true, false])
  await endLease(db, 'test', 'ada')
  t.equal(await take('ada'), false, 'only the holder gives it back')
  await endLease(db, 'test', 'bob')
  t.equal(await take('ada'), true)
})

test('a clock that is set back keeps no lease of a holder that is gone', async (t) => {
  const db = await withAccounts(t)
  const clock = fakeClocks(t)
  const take = (holder: string) => takeLease(db, 'test', holder, minute)
  await take('ada')
  clock.set(-minute / 2)
  t.equal(await take('bob'), false, 'clocks may be apart')
  clock.set(-60 * minute)
  t.equal(await take('bob'), true)
})
