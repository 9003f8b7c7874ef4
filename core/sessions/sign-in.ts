import type { FastifyRequest } from 'fastify'
import type { Static } from '@sinclair/typebox'
import type { Credentials } from '../../schemas/tokens.ts'
import { adoptChosen, findForSignIn, hashChosen, mayStillSignIn, replaceHash } from '../accounts/sign-in.ts'
import { usernameKey } from '../accounts/usernames.ts'
import { countAudit } from '../audit/count.ts'
import type { Db } from '../database/database.ts'
import { write } from '../database/transaction.ts'
import { originOf } from '../network/origin.ts'
import type { Passwords } from '../passwords/hashing.ts'
import { issueChallenge } from '../factors/challenges.ts'
import { methodsOf } from '../factors/methods.ts'
import { addressKey } from '../mail/address.ts'
import { settleAttempt, type Target, tryPassword } from '../throttle/attempts.ts'
import { openSession, type Opening } from './open.ts'

/** What a sign-in works with. */
interface Surroundings extends Opening {
  db: Db
  passwords: Passwords
}

/** A hash of the present cost for a password that was right under an older one; not worth waiting in a queue for. */
const upgraded = async (passwords: Passwords, password: string, hash: string) =>
  passwords.isCurrent(hash) ? undefined : passwords.hash(password).catch(() => undefined)

/** What a try counts against. All spellings of one name or address count as one, whether an account has it or not. */
const targetOf = (name: string, user: { id: number } | undefined): Target =>
  user
    ? { userId: user.id, byAddress: name.includes('@') }
    : { nameKey: addressKey(name) ?? usernameKey(name) }

/**
 * Signs an account in by its name or verified address and its password: answers it with its new session, or, where it has
 * a second factor, with the challenge to go on with (second-step.ts). Undefined is that either is wrong, which takes as
 * long and is not told apart.
 * @throws SignInThrottled, TooBusyToHash, PasswordChangeNeeded, PasswordRefused
 */
export async function signIn(
  around: Surroundings,
  request: FastifyRequest,
  credentials: Static<typeof Credentials>
) {
  const { db, config, passwords } = around
  const { username, password } = credentials
  const user = await findForSignIn(db, username)
  return tryPassword(db, targetOf(username, user), originOf(request).network, async (attempt) => {
    // An account that is disabled is compared like one that is not there: the right password takes no other time.
    const known = user?.status === 'active' ? user.password_hash : undefined
    const right = await passwords.verify(password, known)
    const proven = right ? user : undefined
    const chosen = proven && (await hashChosen(passwords, proven, credentials))
    const newHash =
      proven && chosen === undefined ? await upgraded(passwords, password, proven.password_hash) : undefined
    // What follows is one transaction for good and bad alike, so that neither takes longer.
    return write(db, async (tx) => {
      // The password may have been changed, or the account disabled, while it was being compared.
      if (!proven || !(await mayStillSignIn(tx, proven))) {
        const refused = user ? `user:${user.id}` : null
        await countAudit(tx, request, { action: 'session.refuse', target: refused })
        await settleAttempt(tx, attempt, 'wrong')
        return undefined
      }
      if (newHash !== undefined) await replaceHash(tx, proven.id, newHash)
      const methods = await methodsOf(tx, proven.id)
      if (methods.length > 0) {
        await countAudit(tx, request, { action: 'session.challenge', target: `user:${proven.id}` })
        // What failures there were is forgiven by the second factor alone.
        await settleAttempt(tx, attempt, 'none')
        const passwordHash = newHash ?? proven.password_hash
        const begun = { userId: proven.id, passwordHash, chosenHash: chosen }
        return { methods, challenge: await issueChallenge(tx, begun) }
      }
      if (chosen !== undefined) await adoptChosen(tx, request, config, proven, chosen)
      const session = await openSession(tx, request, proven, ['pwd'], around)
      await settleAttempt(tx, attempt, 'right')
      return session
    })
  })
}
