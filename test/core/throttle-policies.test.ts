import { test } from 'tap'
import {
  growingDelay,
  noAttempts,
  type Policy,
  steadyRate,
  type Tally,
  type Verdict
} from '../../core/throttle/policies.ts'

const start = Date.parse('2026-01-31T09:30:00Z')

/** Attempts one after another by a clock of their own; each waits for as long as it has to. */
function attempts(policy: Policy, from: Tally = noAttempts) {
  let tally = from
  let now = start
  const forgetOld = () => (tally = tally.expiresAt > now ? tally : noAttempts)
  return {
    pass: (milliseconds: number) => (now += milliseconds),
    wait: () => policy.wait(forgetOld(), now),
    hold: () => (tally = policy.hold(forgetOld(), now)),
    settle: (verdict: Verdict) => (tally = policy.settle(tally, verdict, now)),
    /** The seconds that this attempt had to wait. */
    try(verdict: Verdict) {
      const wait = this.wait()
      this.pass(wait)
      this.hold()
      this.settle(verdict)
      return wait / 1_000
    },
    tally: () => tally
  }
}

const growing = growingDelay({ free: 3, longest: 20_000, memory: 60_000 })

test('failures beyond the free ones wait a second, then twice as long each time, up to the longest', async (t) => {
  const one = attempts(growing)
  t.same(
    Array.from({ length: 10 }, () => one.try('wrong')),
    [0, 0, 0, 1, 2, 4, 8, 16, 20, 20]
  )
})

test('failures are remembered for so long after the last delay, and then not at all', async (t) => {
  const one = attempts(growing)
  for (let failure = 0; failure < 5; failure++) one.try('wrong')
  one.pass(4_000 + 59_999)
  t.equal(one.try('wrong'), 0)
  t.equal(one.wait(), 8_000, 'that was the sixth')
  one.pass(8_000 + 60_000)
  t.same(
    [one.try('wrong'), one.try('wrong'), one.try('wrong'), one.try('wrong')],
    [0, 0, 0, 1],
    'a new beginning'
  )
})

test('a success clears all, and no verdict is no failure', async (t) => {
  const one = attempts(growing)
  for (let failure = 0; failure < 5; failure++) one.try('wrong')
  t.equal(one.try('none'), 4)
  t.equal(one.try('none'), 0, 'and no new delay')
  t.equal(one.try('right'), 0)
  t.ok(one.tally().expiresAt <= start, 'nothing is kept')
  t.same([one.try('wrong'), one.try('wrong'), one.try('wrong'), one.try('wrong')], [0, 0, 0, 1])
})

test('of attempts at once no more are judged than are free, and then one after another', async (t) => {
  const one = attempts(growing)
  for (let attempt = 0; attempt < 3; attempt++) {
    t.equal(one.wait(), 0)
    one.hold()
  }
  t.equal(one.wait(), 1_000, 'a fourth waits')
  one.settle('none')
  t.equal(one.wait(), 0, 'for one that was none')
  one.hold()
  for (let attempt = 0; attempt < 3; attempt++) one.settle('wrong')
  t.equal(one.wait(), 1_000)
  one.pass(1_000)
  one.hold()
  t.equal(one.wait(), 1_000, 'one is being judged')
  one.settle('wrong')
  t.equal(one.wait(), 2_000)
})

test('an attempt whose process was killed counts for half a minute', async (t) => {
  const one = attempts(growing)
  for (let attempt = 0; attempt < 3; attempt++) one.hold()
  one.pass(29_999)
  t.equal(one.wait(), 1_000)
  one.pass(1)
  t.equal(one.wait(), 0)
  t.ok(one.tally().expiresAt <= start + 30_000)
})

test('a clock that is set back makes no delay longer', async (t) => {
  for (const policy of [growing, steadyRate({ burst: 3, every: 20_000 })]) {
    const one = attempts(policy)
    while (one.wait() < 16_000) one.try('wrong')
    one.pass(-30_000)
    t.ok(one.wait() <= 20_000, `${one.wait()} ms`)
    one.pass(-3_600_000)
    t.equal(one.wait(), 0, 'nor does it begin anew until the clock has caught up')
    one.try('wrong')
    t.ok(one.wait() <= 20_000, `${one.wait()} ms`)
  }
})

test('nor does it keep attempts that were being judged', async (t) => {
  const one = attempts(growing)
  for (let attempt = 0; attempt < 3; attempt++) one.hold()
  one.pass(-3_600_000)
  t.equal(one.wait(), 0)
})

test('a steady rate is a burst, and then one failure in so long; others than failures are given back', async (t) => {
  const one = attempts(steadyRate({ burst: 3, every: 60_000 }))
  const failures = () => Array.from({ length: 5 }, () => one.try('wrong'))
  t.same(failures(), [0, 0, 0, 60, 60])
  one.pass(120_000)
  t.same(failures(), [0, 0, 60, 60, 60], 'two are free again after two minutes')
  one.pass(1_000_000)
  t.same([one.try('right'), one.try('right'), one.try('none'), one.try('none')], [0, 0, 0, 0])
  t.same(failures(), [0, 0, 0, 60, 60], 'and all in the end')
  t.ok(one.tally().expiresAt <= start + 10_000_000)
})

test('a steady rate counts attempts at once as long as nobody knows what they are', async (t) => {
  const one = attempts(steadyRate({ burst: 3, every: 60_000 }))
  for (let attempt = 0; attempt < 3; attempt++) {
    t.equal(one.wait(), 0)
    one.hold()
  }
  t.equal(one.wait(), 60_000)
  one.settle('right')
  t.equal(one.wait(), 0)
})

test('what is being judged counts for as long as that may take: its process may have been killed', async (t) => {
  const one = attempts(growing)
  one.try('wrong')
  one.hold()
  one.hold()
  t.equal(one.wait(), 1_000)
  one.pass(29_999)
  t.equal(one.wait(), 1_000)
  one.pass(1)
  t.equal(one.wait(), 0)
  t.equal(one.hold().held, 1, 'the lost ones are forgotten')
})

test('failures are remembered beside attempts without a verdict, and attempts beside a success', async (t) => {
  const one = attempts(growing)
  for (let failure = 0; failure < 4; failure++) one.try('wrong')
  const { expiresAt } = one.tally()
  one.try('none')
  t.equal(one.tally().expiresAt, expiresAt)

  const other = attempts(growing)
  other.hold()
  const { heldUntil } = other.hold()
  t.equal(other.settle('right').expiresAt, heldUntil)
  t.equal(other.settle('right').expiresAt, 0)
})
