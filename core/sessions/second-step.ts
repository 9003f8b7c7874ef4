import type { FastifyRequest } from 'fastify'
import type { Static } from '@sinclair/typebox'
import type { Verification } from '../../schemas/factors.ts'
import { challenge as challengeHeader } from '../access/caller.ts'
import { adoptChosen, lockForSignIn } from '../accounts/sign-in.ts'
import { countAudit } from '../audit/count.ts'
import { write } from '../database/transaction.ts'
import { together } from '../factors/amr.ts'
import {
  challengeInvalid,
  challengeSeconds,
  endChallenge,
  findChallenge,
  takeTry
} from '../factors/challenges.ts'
import type { Method } from '../factors/methods.ts'
import { type Judges, proofIn } from '../factors/proofs.ts'
import { originOf } from '../network/origin.ts'
import { defineProblem } from '../problems/define.ts'
import { settleAttempt, tryPassword } from '../throttle/attempts.ts'
import { openSession, type Opening } from './open.ts'

export const MfaRequired = defineProblem('MFA_REQUIRED', 401, 'The second factor is asked for', {
  detail: 'The password is right. Go on with POST /login/verification.',
  about:
    'The account has a second factor. POST /login/verification takes the `challenge` of this answer within `expires_in` seconds, and one of its `methods`.'
})

/** The answer to a right password where that is not enough. */
export const mfaRequired = (challenge: string, methods: Method[]) =>
  new MfaRequired().with({
    members: { challenge, methods, expires_in: challengeSeconds },
    headers: challengeHeader()
  })

/**
 * Ends a sign-in by its second factor: answers its account with its new session. Account, status and password are judged
 * again in the transaction of that, and a code is spent there: of many requests at once one is let through.
 * @throws ChallengeInvalid, WrongCode, SignInThrottled
 */
export async function verifySignIn(
  around: Judges & Opening,
  request: FastifyRequest,
  { challenge, ...proof }: Static<typeof Verification>
) {
  const { config, db } = around
  const userId = await findChallenge(db, challenge)
  const { judge, refused, refusal } = proofIn(proof)
  const session = await tryPassword(db, { userId }, originOf(request).network, async (attempt) => {
    const settle = await judge(around, userId)
    return write(db, async (tx) => {
      const account = await lockForSignIn(tx, userId)
      if (!account) throw challengeInvalid()
      const chosen = await takeTry(tx, challenge, account)
      const proven = await settle(tx, request, account)
      if (!proven) {
        await countAudit(tx, request, { action: refused, target: `user:${userId}` })
        await settleAttempt(tx, attempt, 'wrong')
        return undefined
      }
      await endChallenge(tx, challenge)
      if (chosen !== undefined) await adoptChosen(tx, request, config, account, chosen)
      const opened = await openSession(tx, request, account, together(['pwd'], proven), around)
      await settleAttempt(tx, attempt, 'right')
      return opened
    })
  })
  if (!session) throw refusal()
  return session
}
