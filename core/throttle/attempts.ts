import { createHash } from 'node:crypto'
import type { Db, Tx } from '../database/database.ts'
import { decideAlone } from '../database/locks.ts'
import { write } from '../database/transaction.ts'
import { defineProblem } from '../problems/define.ts'
import { isKnownNetwork, rememberNetwork } from './known-networks.ts'
import { growingDelay, type Policy, steadyRate, type Verdict } from './policies.ts'
import { deleteTallies, readTally, type TallyKey, writeTally } from './tallies.ts'

export const SignInThrottled = defineProblem('SIGN_IN_THROTTLED', 429, 'Too many failed sign-ins', {
  detail: 'Rate limit exceeded. Try again in %s seconds.',
  about:
    'Signing in to this account has failed too often of late, from this network or from everywhere. The delay passes by itself; a network that the account has signed in from is not held up by the others.',
  guide: { error: 'Too Many Requests' }
})

/** From one network against one account. */
export const fromNetwork = growingDelay({ free: 10, longest: 900_000, memory: 3_600_000 })

/** From all networks together: those that the account has signed in from of late, and all others. */
export const fromAll: Record<'known' | 'strange', Policy> = {
  known: steadyRate({ burst: 40, every: 60_000 }),
  strange: steadyRate({ burst: 50, every: 60_000 })
}

/**
 * Whose password is tried: an account's, by its address or else, or that of a name which no account has. An account's name
 * and its address count apart: where the one is held up, the other would tell whose it is.
 */
export type Target = { userId: number; byAddress?: boolean } | { userId?: undefined; nameKey: string }

/** An attempt that is being judged. */
export interface Attempt {
  target: Target
  network: string
  networks: keyof typeof fromAll
}

/** By the account's id, which a rename keeps. A name is hashed: what is typed as one may be a password. */
function subjectOf(target: Target): string {
  if (target.userId === undefined)
    return `name:${createHash('sha256').update(target.nameKey).digest('base64url')}`
  return target.byAddress ? `address of account:${target.userId}` : `account:${target.userId}`
}

/** What an attempt counts against, and how. */
function tallies({ target, network, networks }: Attempt): { key: TallyKey; policy: Policy }[] {
  const subject = subjectOf(target)
  return [
    { key: { subject, source: network }, policy: fromNetwork },
    { key: { subject, source: `all ${networks}` }, policy: fromAll[networks] }
  ]
}

function throttled(milliseconds: number) {
  const seconds = Math.ceil(milliseconds / 1_000)
  const refusal = new SignInThrottled(seconds)
  return refusal.with({ members: { message: refusal.message }, headers: { 'retry-after': String(seconds) } })
}

/** Counts an attempt before it is judged, the same for a name that no account has. @throws SignInThrottled */
export async function holdAttempt(
  tx: Tx,
  target: Target,
  network: string,
  now = Date.now()
): Promise<Attempt> {
  await decideAlone(tx, subjectOf(target))
  // No account has the id 0: then the same is looked up in vain.
  const isKnown = await isKnownNetwork(tx, target.userId ?? 0, network, now)
  const attempt: Attempt = { target, network, networks: isKnown ? 'known' : 'strange' }
  const counts = []
  for (const { key, policy } of tallies(attempt))
    counts.push({ key, policy, tally: await readTally(tx, key, now) })
  const wait = Math.max(...counts.map(({ policy, tally }) => policy.wait(tally, now)))
  if (wait > 0) throw throttled(wait)
  for (const { key, policy, tally } of counts) await writeTally(tx, key, policy.hold(tally, now), now)
  return attempt
}

/** Counts what came of an attempt; after a success its network is known. */
export async function settleAttempt(tx: Tx, attempt: Attempt, verdict: Verdict, now = Date.now()) {
  const { target, network } = attempt
  await decideAlone(tx, subjectOf(target))
  for (const { key, policy } of tallies(attempt))
    await writeTally(tx, key, policy.settle(await readTally(tx, key, now), verdict, now), now)
  if (verdict === 'right' && target.userId !== undefined)
    await rememberNetwork(tx, target.userId, network, now)
}

/**
 * Has `judge` look at an attempt and settle it, in the transaction of what follows from its verdict. Where `judge`
 * fails instead, the attempt was none. @throws SignInThrottled, and whatever `judge` throws
 */
export async function tryPassword<T>(
  db: Db,
  target: Target,
  network: string,
  judge: (attempt: Attempt) => Promise<T>
): Promise<T> {
  const attempt = await write(db, (tx) => holdAttempt(tx, target, network))
  try {
    return await judge(attempt)
  } catch (error) {
    // Nobody waits for it: the database may be what has failed, and then the attempt is soon forgotten by itself.
    void write(db, (tx) => settleAttempt(tx, attempt, 'none')).catch(() => undefined)
    throw error
  }
}

/** Forgets all failures against an account: its password was set anew by whoever may. */
export const forgetAttempts = (tx: Tx, userId: number) =>
  deleteTallies(tx, [subjectOf({ userId }), subjectOf({ userId, byAddress: true })])
