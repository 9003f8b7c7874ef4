import { test } from 'tap'
import { cleanUp } from '../../core/retention/clean-up.ts'
import type { Db } from '../../core/database/database.ts'
import { write } from '../../core/database/transaction.ts'
import {
  type Attempt,
  forgetAttempts,
  holdAttempt,
  settleAttempt,
  SignInThrottled,
  type Target
} from '../../core/throttle/attempts.ts'
import type { Verdict } from '../../core/throttle/policies.ts'
import { build } from '../helper.ts'

const minute = 60_000
const day = 86_400_000
const account: Target = { userId: 2 }
const byAddress: Target = { userId: 2, byAddress: true }
const nobody: Target = { nameKey: 'nobody-has-this' }

/** A network of its own for each number. */
const network = (number: number) => `198.51.${100 + Math.floor(number / 200)}.${(number % 200) + 1}`

/** Attempts at a database, by a clock that the test sets. */
function clocked(db: Db) {
  const clock = { now: Date.parse('2026-01-31T09:30:00Z') }
  /** An attempt that goes on, or the seconds that it has to wait. */
  const hold = (target: Target, from: string): Promise<Attempt | number> =>
    write(db, (tx) => holdAttempt(tx, target, from, clock.now)).catch((error: unknown) => {
      if (!(error instanceof SignInThrottled)) throw error
      return Number(error.occurrence.headers?.['retry-after'])
    })
  const settle = (attempt: Attempt, verdict: Verdict) =>
    write(db, (tx) => settleAttempt(tx, attempt, verdict, clock.now))
  /** What became of an attempt: its verdict, or the seconds that it has to wait. */
  const attempt = async (target: Target, from: string, verdict: Verdict = 'wrong') => {
    const held = await hold(target, from)
    if (typeof held === 'number') return held
    await settle(held, verdict)
    return verdict
  }
  return { clock, hold, settle, attempt }
}

/** The tables that a clean-up has deleted something of. */
const somethingOf = (deleted: Record<string, number>) =>
  Object.fromEntries(Object.entries(deleted).filter(([, count]) => count > 0))

test('from one network ten failures are free; then the delay grows to fifteen minutes, for names that nobody has too', async (t) => {
  const { db } = await build(t)
  for (const target of [account, nobody]) {
    const { clock, attempt } = clocked(db)
    for (let failure = 0; failure < 10; failure++) t.equal(await attempt(target, network(1)), 'wrong')
    const delays: unknown[] = []
    for (let failure = 0; failure < 12; failure++) {
      const delay = await attempt(target, network(1))
      delays.push(delay)
      clock.now += Number(delay) * 1_000 - 1
      t.equal(await attempt(target, network(1)), 1, 'not a moment earlier')
      clock.now += 1
      t.equal(await attempt(target, network(1)), 'wrong')
    }
    t.same(delays, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900])
    t.equal(await attempt(target, network(2)), 'wrong', 'another network is free')
    clock.now += (900 + 3_600) * 1_000
    t.equal(await attempt(target, network(1)), 'wrong')
    t.equal(await attempt(target, network(1)), 'wrong', 'after an hour without a failure all is forgotten')
  }
})

test('failures count by name where nobody has it, and by account, each for itself', async (t) => {
  const { db } = await build(t)
  const { attempt } = clocked(db)
  for (let failure = 0; failure < 10; failure++) await attempt(nobody, network(1))
  t.equal(await attempt(nobody, network(1)), 1)
  for (const other of [{ nameKey: 'nobody-else' }, account, byAddress, { userId: 1 }])
    t.equal(await attempt(other, network(1)), 'wrong')
})

test('failures count for an hour, and a success in between clears those of its network', async (t) => {
  const { db } = await build(t)
  const { clock, attempt } = clocked(db)
  for (let failure = 0; failure < 9; failure++) await attempt(account, network(1))
  clock.now += 59 * minute
  t.equal(await attempt(account, network(1)), 'wrong')
  t.equal(await attempt(account, network(1)), 1, 'the nine of an hour ago count')
  clock.now += 1_000
  t.equal(await attempt(account, network(1), 'right'), 'right')
  for (let failure = 0; failure < 10; failure++) t.equal(await attempt(account, network(1)), 'wrong')
  t.equal(await attempt(account, network(1)), 1)
})

test('of guesses at once from many networks exactly fifty are judged, and from those it knows forty', async (t) => {
  const { db } = await build(t)
  for (const target of [account, nobody]) {
    const { hold } = clocked(db)
    const held = await Promise.all(Array.from({ length: 120 }, (_, index) => hold(target, network(index))))
    t.equal(held.filter((outcome) => typeof outcome === 'object').length, 50)
    t.equal(
      held.filter((outcome) => outcome === minute / 1_000).length,
      70,
      'the others may come in a minute'
    )
  }
  const { attempt, hold } = clocked(db)
  for (let number = 500; number < 520; number++) await attempt({ userId: 1 }, network(number), 'right')
  const held = await Promise.all(
    Array.from({ length: 100 }, (_, index) => hold({ userId: 1 }, network(500 + (index % 20))))
  )
  t.equal(held.filter((outcome) => typeof outcome === 'object').length, 40)
})

test('who fails on for ever keeps nobody out: a guess every five minutes leaves room for the right password', async (t) => {
  const { db } = await build(t)
  const { clock, attempt } = clocked(db)
  for (let guess = 0; guess < 50; guess++) t.equal(await attempt(account, network(guess)), 'wrong')
  t.equal(await attempt(account, network(50)), 60)
  for (let guess = 51; guess < 70; guess++) {
    clock.now += 5 * minute
    t.equal(await attempt(account, network(guess)), 'wrong')
    t.equal(await attempt(account, network(900)), 'wrong')
    t.equal(await attempt(account, network(900), 'right'), 'right', 'from a new network')
  }
})

test('right passwords use nothing up, from however many networks', async (t) => {
  const { db } = await build(t)
  const { attempt } = clocked(db)
  for (let number = 0; number < 60; number++)
    t.equal(await attempt(account, network(number), 'right'), 'right')
  for (let number = 0; number < 60; number++)
    t.equal(await attempt(account, network(number + 100), 'none'), 'none')
  for (let number = 0; number < 50; number++) t.equal(await attempt(account, network(number + 200)), 'wrong')
  t.equal(await attempt(account, network(300)), 60)
})

test('a network that the account has signed in from is known for thirty days, and not held up by strangers', async (t) => {
  const { db, session } = await build(t)
  const { clock, attempt } = clocked(db)
  const exhaust = async () => {
    for (let guess = 0; guess < 50; guess++) await attempt(account, network(guess))
    t.equal(await attempt(account, network(50)), 60)
  }
  t.equal(await attempt(account, '192.0.2.1', 'right'), 'right')
  clock.now += 30 * day - minute
  await exhaust()
  t.equal(await attempt(account, '192.0.2.1'), 'wrong', 'though no session is left of it')
  clock.now += minute
  t.equal(await attempt(account, network(51)), 'wrong')
  t.equal(await attempt(account, '192.0.2.1'), 60, 'and then a stranger to it')

  await session('user')
  clock.now = Date.now()
  await exhaust()
  t.equal(await attempt(account, '127.0.0.1'), 'wrong', 'a live session makes its network known')
})

test('twenty networks of an account are known at once, those of the latest sign-ins', async (t) => {
  const { db } = await build(t)
  const { clock, attempt } = clocked(db)
  for (let number = 0; number < 30; number++) {
    clock.now += 1
    await attempt(account, network(number), 'right')
  }
  const known = await db.selectFrom('known_networks').select('network').orderBy('last_seen_at').execute()
  t.same(
    known.map((row) => row.network),
    Array.from({ length: 20 }, (_, index) => network(10 + index))
  )
})

test('a new password by whoever may set it clears what is against an account, and against no other', async (t) => {
  const { db } = await build(t)
  const { attempt } = clocked(db)
  for (const target of [account, byAddress, { userId: 1 }]) {
    for (let guess = 0; guess < 50; guess++) await attempt(target, network(guess))
    for (let guess = 0; guess < 10; guess++) await attempt(target, network(99))
  }
  await write(db, (tx) => forgetAttempts(tx, 2))
  for (let guess = 0; guess < 10; guess++) t.equal(await attempt(account, network(99)), 'wrong')
  t.equal(await attempt(account, network(98)), 'wrong')
  t.equal(await attempt(byAddress, network(99)), 'wrong')
  t.equal(await attempt({ userId: 1 }, network(98)), 60)
})

test('the table holds no names, nothing that counts no longer, and a bounded number of rows', async (t) => {
  const { app, db } = await build(t)
  const { clock, attempt, hold } = clocked(db)
  const rows = () => db.selectFrom('sign_in_attempts').selectAll().execute()
  await attempt(nobody, network(1))
  t.notMatch(JSON.stringify(await rows()), 'nobody-has-this')
  await attempt(account, network(1), 'right')
  await attempt(account, network(1), 'none')
  t.equal((await rows()).length, 2, 'of the failure alone')
  await hold(account, network(2))
  clock.now += 61 * minute
  t.same(somethingOf(await cleanUp(db, app.config, clock.now)), {
    sign_in_attempts: 4
  })
  t.same(await rows(), [])

  await db
    .insertInto('sign_in_attempts')
    .values(
      Array.from({ length: 30 }, (_, index) => ({
        subject: `name:${index}`,
        source: network(1),
        failures: 1,
        held: 0,
        held_until: new Date(0).toISOString(),
        next_at: new Date(0).toISOString(),
        expires_at: new Date(clock.now + 1_000 * (index + 1)).toISOString()
      }))
    )
    .execute()
  t.match(await cleanUp(db, app.config, clock.now, 20), { sign_in_attempts: 10 })
  t.same(new Set((await rows()).map(({ subject }) => Number(subject.slice(5)) >= 10)), new Set([true]))
})
