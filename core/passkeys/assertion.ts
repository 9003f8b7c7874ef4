import type { Static } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import type { PasskeyAssertion } from '../../schemas/passkeys.ts'
import { recordAudit } from '../audit/record.ts'
import type { Db, Tx } from '../database/database.ts'
import { describeAgent } from '../mail/agent.ts'
import { queueNotice } from '../mail/outbox.ts'
import { originOf } from '../network/origin.ts'
import { defineProblem } from '../problems/define.ts'
import type { Around } from './around.ts'
import { spendChallenge } from './challenges.ts'
import { requireSite } from './site.ts'
import { challengeIn, methodsProven, verifyAssertion } from './verify.ts'

export const WrongPasskey = defineProblem('WRONG_PASSKEY', 403, 'Wrong passkey', {
  detail: 'This passkey does not prove who you are.',
  about:
    'It is of another account, was used on a page that is not of this service, answers no challenge of POST /passkeys/options for you, or its authenticator has not verified who holds it.'
})

type Assertion = Static<typeof PasskeyAssertion>

const findPasskey = (db: Db, credentialId: string) =>
  db
    .selectFrom('passkeys')
    .innerJoin('users', 'users.id', 'passkeys.user_id')
    .select(['passkeys.id', 'credential_id', 'public_key', 'backup_eligible'])
    .select(['users.id as userId', 'users.passkey_handle'])
    .where('credential_id', '=', credentialId)
    .executeTakeFirst()

type Passkey = NonNullable<Awaited<ReturnType<typeof findPasskey>>>

/** Counts a passkey's use; answers whether its counter has grown, or neither counts, and it is still there. */
async function countUse(
  tx: Tx,
  { id }: Passkey,
  { counter, backed_up }: { counter: number; backed_up: number }
) {
  const { numUpdatedRows } = await tx
    .updateTable('passkeys')
    .set({ counter, backed_up, last_used_at: new Date().toISOString() })
    .where('id', '=', id)
    .where((eb) => (counter === 0 ? eb('counter', '=', 0) : eb('counter', '<', counter)))
    .executeTakeFirstOrThrow()
  return numUpdatedRows > 0n
}

/** A counter that has not grown: there are two of the authenticator. The owner is told, and who looks at the audit log. */
async function reportClone(tx: Tx, request: FastifyRequest, { config }: Around, passkey: Passkey) {
  const there = await tx.selectFrom('passkeys').select('id').where('id', '=', passkey.id).executeTakeFirst()
  if (!there) return
  await recordAudit(tx, request, { action: 'passkey.clone', target: `passkey:${passkey.id}` })
  const details = {
    address: originOf(request).address,
    agent: describeAgent(request.headers['user-agent'])
  }
  await queueNotice(tx, config, passkey.userId, 'passkey_cloned', details)
}

/** What came of an assertion before its transaction. */
export interface Judged {
  /** Whose passkey it says it is. */
  userId: number | undefined
  /**
   * Settles it in the transaction of what it is for, which has locked the account: uses the challenge, compares the counter.
   * Answers what the passkey stands for (names of RFC 8176), or undefined when it proves nothing.
   * @throws PasskeyChallengeExpired when the challenge was used
   */
  settle: (tx: Tx, request: FastifyRequest) => Promise<readonly string[] | undefined>
}

/** Why is for the log alone. */
const refused = (userId: number | undefined, reason: string): Judged => ({
  userId,
  settle: (_tx, request) => {
    request.log.info({ reason }, 'a passkey is refused')
    return Promise.resolve(undefined)
  }
})

/** Whether an assertion names the account that its passkey is of (WebAuthn, section 7.2, step 6). */
const namesOwner = ({ response }: Assertion, { passkey_handle }: Passkey, isKnown: boolean) =>
  (response.userHandle ?? (isKnown ? passkey_handle : null)) === passkey_handle && passkey_handle !== null

/**
 * Judges what a passkey has signed, for a sign-in or as the proof of an account: all that needs no transaction.
 * @throws PasskeysNotConfigured, PasskeyChallengeExpired
 */
export async function judgeAssertion(
  around: Around,
  assertion: Assertion,
  purpose: 'sign-in' | `proof ${number}`
): Promise<Judged> {
  const site = requireSite(around.config)
  const challenge = challengeIn(assertion.response.clientDataJSON)
  if (challenge === undefined || !around.challenges.isOurs(challenge, purpose))
    return refused(undefined, 'The challenge is none of this purpose, or a page within another has asked')
  const passkey = await findPasskey(around.db, assertion.id)
  if (!passkey) return refused(undefined, 'Nobody has this passkey')
  const { userId } = passkey
  const isKnown = purpose === `proof ${userId}`
  if (purpose !== 'sign-in' && !isKnown) return refused(userId, 'It is of another account')
  if (!namesOwner(assertion, passkey, isKnown)) return refused(userId, 'It names another account')
  try {
    const use = await verifyAssertion(site, challenge, assertion, passkey)
    return {
      userId,
      settle: async (tx, request) => {
        await spendChallenge(tx, challenge)
        if (await countUse(tx, passkey, use)) return methodsProven(passkey)
        await reportClone(tx, request, around, passkey)
        return undefined
      }
    }
  } catch (error) {
    return refused(userId, error instanceof Error ? error.message : String(error))
  }
}
