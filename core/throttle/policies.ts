/** What is remembered of attempts against one account. Instants are milliseconds since the epoch. */
export interface Tally {
  /** Attempts that were judged wrong. */
  failures: number
  /** Attempts that are being judged. */
  held: number
  /** When these count no longer: the process that judges them may have been killed. */
  heldUntil: number
  /** When the next attempt is judged. */
  nextAt: number
  /** When nothing of all this counts any more. */
  expiresAt: number
}

export const noAttempts: Tally = { failures: 0, held: 0, heldUntil: 0, nextAt: 0, expiresAt: 0 }

/** What came of an attempt: `none` without a verdict, as when too many passwords wait. */
export type Verdict = 'right' | 'wrong' | 'none'

/** How attempts are counted. One is held while it is judged, so that of many at once no more are judged than may be. */
export interface Policy {
  /** For how many milliseconds no attempt is judged; 0 when one may be. */
  wait(tally: Tally, now: number): number
  hold(tally: Tally, now: number): Tally
  settle(tally: Tally, verdict: Verdict, now: number): Tally
}

/** Longer than a password waits for a thread, and its verdict for the database. In milliseconds. */
const judging = 30_000

/** How far the clocks of several machines may be apart, in milliseconds. */
const apart = 60_000

/**
 * What is left until an instant, which no clock says to be further away than `longest`: one that is was noted before the
 * clock was set back, and would keep everybody out for as long as that.
 */
const left = (until: number, now: number, longest: number) =>
  until - now > longest + apart ? 0 : Math.max(0, Math.min(until - now, longest))

interface Growing {
  /** Failures that cost nothing. */
  free: number
  /** The longest delay, in milliseconds; the first is a second, and each is twice the one before. */
  longest: number
  /** For how many milliseconds after the last delay failures are remembered. */
  memory: number
}

/** Some failures are free; each further one makes the next attempt wait, longer and longer. A success clears all. */
export function growingDelay({ free, longest, memory }: Growing): Policy {
  const delay = (failures: number) =>
    failures < free ? 0 : Math.min(longest, 2 ** (failures - free) * 1_000)
  const heldNow = ({ held, heldUntil }: Tally, now: number) => (left(heldUntil, now, judging) > 0 ? held : 0)
  return {
    wait: (tally, now) => {
      const held = heldNow(tally, now)
      // Past the free ones, attempts are judged one after another.
      const mustQueue = held > 0 && tally.failures + held >= free
      return Math.max(left(tally.nextAt, now, delay(tally.failures)), mustQueue ? 1_000 : 0)
    },
    hold: (tally, now) => {
      const heldUntil = now + judging
      const expiresAt = Math.max(tally.expiresAt, heldUntil)
      return { ...tally, held: heldNow(tally, now) + 1, heldUntil, expiresAt }
    },
    settle: (tally, verdict, now) => {
      const held = Math.max(0, heldNow(tally, now) - 1)
      const failures = { right: 0, wrong: tally.failures + 1, none: tally.failures }[verdict]
      const nextAt = { right: 0, wrong: now + delay(failures), none: tally.nextAt }[verdict]
      const remembered = { right: 0, wrong: nextAt + memory, none: failures > 0 ? tally.expiresAt : 0 }[
        verdict
      ]
      return {
        ...tally,
        failures,
        held,
        nextAt,
        expiresAt: Math.max(remembered, held > 0 ? tally.heldUntil : 0)
      }
    }
  }
}

/**
 * So many failures at once, and from then on one in so many milliseconds: whoever keeps failing makes others wait, but
 * never longer than that. An attempt that was no failure is given back.
 */
export function steadyRate({ burst, every }: { burst: number; every: number }): Policy {
  const spent = ({ nextAt }: Tally, now: number) => left(nextAt, now, burst * every)
  const spend = (tally: Tally, now: number, change: number): Tally => {
    const nextAt = now + Math.max(0, spent(tally, now) + change)
    return { ...tally, nextAt, expiresAt: nextAt }
  }
  return {
    wait: (tally, now) => Math.max(0, spent(tally, now) - (burst - 1) * every),
    hold: (tally, now) => spend(tally, now, every),
    settle: (tally, verdict, now) => (verdict === 'wrong' ? tally : spend(tally, now, -every))
  }
}
