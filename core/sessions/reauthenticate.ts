import type { FastifyRequest } from 'fastify'
import type { Static } from '@sinclair/typebox'
import type { Reauthentication } from '../../schemas/factors.ts'
import { asSession, holdCaller, requireSession, tokenInvalid } from '../access/caller.ts'
import { lockForSignIn } from '../accounts/sign-in.ts'
import { countAudit } from '../audit/count.ts'
import { recordAudit } from '../audit/record.ts'
import type { Db } from '../database/database.ts'
import { write } from '../database/transaction.ts'
import { methodsOf } from '../factors/methods.ts'
import { type Judges, proofIn } from '../factors/proofs.ts'
import { originOf } from '../network/origin.ts'
import { defineProblem } from '../problems/define.ts'
import { settleAttempt, tryPassword } from '../throttle/attempts.ts'
import { renewSession } from './renew.ts'

export const FactorNeeded = defineProblem('FACTOR_NEEDED', 403, 'The second factor is needed', {
  detail: 'This account has a second factor: prove who you are by that.',
  about:
    'Whoever has the password and an access token of an account with a second factor has not shown that it is theirs. `methods` says by what they do. The password was not looked at.'
})

/** The password alone is not enough for an account that has more. @throws FactorNeeded */
async function requireEnough(db: Db, userId: number, way: string) {
  if (way !== 'password') return
  const methods = await methodsOf(db, userId)
  if (methods.length > 0) throw new FactorNeeded().with({ members: { methods } })
}

/**
 * Proves again who the caller is: their session counts as fresh from now on. It is no new one, and lives no longer. A
 * stolen access token guesses nothing by it that it could not guess at the sign-in.
 * @throws WrongPassword, WrongCode, FactorNeeded, SignInThrottled, TooBusyToHash, TokenInvalid
 */
export async function reauthenticate(
  judges: Judges,
  request: FastifyRequest,
  proof: Static<typeof Reauthentication>
) {
  const { db } = judges
  const { id: userId, sessionId } = requireSession(request)
  const { judge, name, refused, refusal } = proofIn(proof)
  await requireEnough(db, userId, name)
  const isProven = await tryPassword(db, { userId }, originOf(request).network, async (attempt) => {
    const settle = await judge(judges, userId)
    return write(db, async (tx) => {
      const account = await lockForSignIn(tx, userId)
      if (!account) throw tokenInvalid()
      // It may have been enrolled while the password was compared.
      await requireEnough(tx, userId, name)
      const proven = await settle(tx, request, account)
      if (proven) {
        await renewSession(tx, asSession(await holdCaller(tx, request)), proven)
        const target = `session:${sessionId}`
        const changes = { amr: proven.join(' ') }
        await recordAudit(tx, request, { action: 'session.reauthenticate', target, changes })
      } else {
        await countAudit(tx, request, { action: refused, target: `user:${userId}` })
      }
      await settleAttempt(tx, attempt, proven ? 'right' : 'wrong')
      return proven !== undefined
    })
  })
  if (!isProven) throw refusal()
}
