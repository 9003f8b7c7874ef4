import { normalizeIP } from '@fastify/rate-limit'
import { createHash } from 'node:crypto'
import { defineProblem } from '../../schemas/problems.ts'
import type { Db, Tx } from '../db/transaction.ts'

export const SignInThrottled = defineProblem('SIGN_IN_THROTTLED', 429, 'Too many failed sign-ins', {
  detail: 'Rate limit exceeded. Try again in %s seconds.',
  about:
    'Signing in to this account has failed too often of late, from this address or from everywhere. The delay grows with each failure and passes by itself; an address that the account is signed in from is not held up by the others.',
  guide: { error: 'Too Many Requests' }
})

interface Policy {
  /** Failures that cost nothing. */
  free: number
  /** The longest delay, in seconds; the first is one second, and each is twice the one before. */
  longest: number
}

/** By one address against one account, and by all addresses together against it. */
export const fromAddress: Policy = { free: 10, longest: 900 }
export const fromAnywhere: Policy = { free: 50, longest: 300 }

/** Without a failure for this long, all is forgotten. In milliseconds. */
const memory = 3_600_000

const delay = (failures: number, { free, longest }: Policy) =>
  failures < free ? 0 : Math.min(longest, 2 ** (failures - free)) * 1_000

const keyOf = (...parts: string[]) => createHash('sha256').update(parts.join('\n')).digest('base64url')

const keys = (usernameKey: string, ip: string) => ({
  here: keyOf('address', usernameKey, normalizeIP(ip, 64)),
  anywhere: keyOf('anywhere', usernameKey)
})

const read = (db: Db, key: string, now: string) =>
  db
    .selectFrom('sign_in_attempts')
    .select(['failures', 'next_at'])
    .where('key', '=', key)
    .where('expires_at', '>', now)
    .executeTakeFirst()

/** Whether the account behind this username is signed in from this address: its owner, most likely. */
async function isAtHome(db: Db, usernameKey: string, ip: string) {
  const sessions = await db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select('sessions.address')
    .distinct()
    .where('users.username_key', '=', usernameKey)
    .where('sessions.expires_at', '>', new Date().toISOString())
    .limit(1_000)
    .execute()
  return sessions.some(({ address }) => normalizeIP(address, 64) === normalizeIP(ip, 64))
}

async function count(tx: Tx, key: string, failures: number, policy: Policy) {
  const now = Date.now()
  const next = now + delay(failures, policy)
  const row = {
    failures,
    next_at: new Date(next).toISOString(),
    expires_at: new Date(next + memory).toISOString()
  }
  await tx
    .insertInto('sign_in_attempts')
    .values({ key, ...row })
    .onConflict((conflict) => conflict.column('key').doUpdateSet(row))
    .execute()
}

/**
 * Counts an attempt to sign in before the password is looked at, as if it failed: of many at once exactly as many
 * get through as are free. The same for accounts that do not exist. @throws SignInThrottled
 */
export async function reserveAttempt(tx: Tx, usernameKey: string, ip: string) {
  const { here, anywhere } = keys(usernameKey, ip)
  const now = new Date().toISOString()
  const [byAddress, byAll] = [await read(tx, here, now), await read(tx, anywhere, now)]
  const waits = (row: { next_at: string } | undefined) => row !== undefined && row.next_at > now
  const blockedBy = waits(byAddress)
    ? byAddress
    : waits(byAll) && !(await isAtHome(tx, usernameKey, ip))
      ? byAll
      : undefined
  if (blockedBy) {
    const seconds = Math.max(1, Math.ceil((Date.parse(blockedBy.next_at) - Date.now()) / 1_000))
    const refusal = new SignInThrottled(seconds)
    throw refusal.with({ members: { message: refusal.message }, headers: { 'retry-after': String(seconds) } })
  }
  await count(tx, here, (byAddress?.failures ?? 0) + 1, fromAddress)
  await count(tx, anywhere, (byAll?.failures ?? 0) + 1, fromAnywhere)
}

/** Takes the count of a successful attempt back: this address has nothing against it, and one failure less is counted in all. */
export async function forgiveAttempt(tx: Tx, usernameKey: string, ip: string) {
  const { here, anywhere } = keys(usernameKey, ip)
  await tx.deleteFrom('sign_in_attempts').where('key', '=', here).execute()
  const row = await read(tx, anywhere, new Date().toISOString())
  if (row) await count(tx, anywhere, Math.max(0, row.failures - 1), fromAnywhere)
}
