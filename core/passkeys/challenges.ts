import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Tx } from '../database/database.ts'
import { defineProblem } from '../problems/define.ts'
import type { KeyRing } from '../tokens/keys.ts'

export const PasskeyChallengeExpired = defineProblem(
  'PASSKEY_CHALLENGE_EXPIRED',
  400,
  'The challenge is no longer good',
  {
    detail: 'The challenge was used, or is older than five minutes. Ask for another one.',
    about:
      'What a passkey signs is good once, for five minutes. A page that has waited longer asks for new options and tries again by itself.'
  }
)

/** What a challenge is good for: a sign-in of whomever, or an account's registration or proof. */
export type Purpose = 'sign-in' | `registration ${number}` | `proof ${number}`

/** How long a challenge is good, in milliseconds. */
export const challengeLife = 300_000

const expiryBytes = 4
const nonceBytes = 12
const macBytes = 16

/**
 * Challenges of 32 bytes (WebAuthn, section 13.4.3): when it ends, 96 bits of chance, and what makes it ours and of one
 * purpose. Asking for one so leaves nothing behind, however often strangers do; what was used is kept by spendChallenge.
 */
export interface Challenges {
  /** A new one, in base64url. */
  issue(purpose: Purpose, now?: number): string
  /** Whether one is of this purpose and from here. @throws PasskeyChallengeExpired when it is too old */
  isOurs(challenge: string, purpose: Purpose, now?: number): boolean
}

/** Challenges that every instance knows which has the same keys, also while those are rotated. */
export function makeChallenges({ oldest }: Pick<KeyRing, 'oldest'>): Challenges {
  const key = createHmac('sha256', oldest.signWith).update('passkey challenges').digest()
  const macOf = (unsigned: Buffer, purpose: Purpose) =>
    createHmac('sha256', key).update(unsigned).update(purpose).digest().subarray(0, macBytes)
  return {
    issue: (purpose, now = Date.now()) => {
      const unsigned = Buffer.concat([Buffer.alloc(expiryBytes), randomBytes(nonceBytes)])
      unsigned.writeUInt32BE(Math.ceil((now + challengeLife) / 1_000))
      return Buffer.concat([unsigned, macOf(unsigned, purpose)]).toString('base64url')
    },
    isOurs: (challenge, purpose, now = Date.now()) => {
      const bytes = Buffer.from(challenge, 'base64url')
      if (bytes.length !== expiryBytes + nonceBytes + macBytes) return false
      // Another spelling of the same bytes would be another one that was not used yet.
      if (bytes.toString('base64url') !== challenge) return false
      const unsigned = bytes.subarray(0, expiryBytes + nonceBytes)
      if (!timingSafeEqual(bytes.subarray(-macBytes), macOf(unsigned, purpose))) return false
      if (unsigned.readUInt32BE() * 1_000 <= now) throw new PasskeyChallengeExpired()
      return true
    }
  }
}

/**
 * Uses a challenge in the transaction of what it is for: of several at once one does. Only who has a passkey gets here,
 * so that nobody fills the table. @throws PasskeyChallengeExpired when it was used
 */
export async function spendChallenge(tx: Tx, challenge: string) {
  const spent = await tx
    .insertInto('passkey_challenges')
    .values({
      hash: createHash('sha256').update(challenge).digest('base64url'),
      // Twice as long as it may be good: the clock of another instance may be behind.
      expires_at: new Date(Date.now() + 2 * challengeLife).toISOString()
    })
    .onConflict((conflict) => conflict.column('hash').doNothing())
    .returning('hash')
    .executeTakeFirst()
  if (!spent) throw new PasskeyChallengeExpired()
}
