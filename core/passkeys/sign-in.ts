import type { Static } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import type { PasskeyAssertion } from '../../schemas/passkeys.ts'
import { lockForSignIn } from '../accounts/sign-in.ts'
import { countAudit } from '../audit/count.ts'
import { write } from '../database/transaction.ts'
import { originOf } from '../network/origin.ts'
import { openSession, type Opening } from '../sessions/open.ts'
import { rememberNetwork } from '../throttle/known-networks.ts'
import type { Around } from './around.ts'
import { judgeAssertion } from './assertion.ts'

/**
 * Signs in whoever's passkey it is: answers the account with its new session, or undefined where the passkey proves
 * nothing; why is not told. What is refused counts against nobody's account: a stranger would keep its owner out.
 * @throws PasskeysNotConfigured, PasskeyChallengeExpired
 */
export async function signInByPasskey(
  around: Around & Opening,
  request: FastifyRequest,
  assertion: Static<typeof PasskeyAssertion>
) {
  const { userId, settle } = await judgeAssertion(around, assertion, 'sign-in')
  return write(around.db, async (tx) => {
    const user = userId === undefined ? undefined : await lockForSignIn(tx, userId)
    // A passkey of an account that is disabled is not even counted as used.
    const proven = user || userId === undefined ? await settle(tx, request) : undefined
    if (!user || !proven) {
      const target = userId === undefined ? null : `user:${userId}`
      await countAudit(tx, request, { action: 'session.refuse', target })
      return undefined
    }
    await rememberNetwork(tx, user.id, originOf(request).network, Date.now())
    return openSession(tx, request, user, proven, around)
  })
}
