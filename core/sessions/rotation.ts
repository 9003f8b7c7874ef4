import type { Db, Tx } from '../database/database.ts'
import { writeOne } from '../database/transaction.ts'
import { exchangeToken, findByToken, type TokenSession } from './refresh-queries.ts'
import { familyOf, hashOf, newSalt, successorOf } from './refresh-tokens.ts'
import { endSessions } from './session-queries.ts'
import { expiry, type Lifetimes } from './sessions.ts'

/** Whose session it is. */
interface Holder {
  id: number
  username: string
  role: string
  sessionId: string
  authTime: number
  amr: readonly string[]
}

/** The outcome of presenting a refresh token. */
export type Rotation =
  | ({ outcome: 'refreshed'; refreshToken: string; generation: number } & Holder)
  | ({ outcome: 'stolen' } & Holder)
  | { outcome: 'refused' }

const holderOf = ({ id, username, role, sessionId, auth_time, amr }: TokenSession): Holder => ({
  id,
  username,
  role,
  sessionId,
  authTime: Date.parse(auth_time),
  amr: amr.split(' ')
})

/**
 * The live token of a session, worked out from one that it was exchanged for, one step ago or two, and since when the
 * answer to that exchange has been used; undefined for every older token. What does not hash to what is stored is
 * never given out.
 */
function traceLive(token: string, { token_hash, salt, used_at, prior_salt, prior_used_at }: TokenSession) {
  if (salt === null) return undefined
  const next = successorOf(token, salt)
  if (hashOf(next) === token_hash) return { refreshToken: next, usedAt: used_at }
  if (prior_salt === null) return undefined
  const afterNext = successorOf(successorOf(token, prior_salt), salt)
  return hashOf(afterNext) === token_hash ? { refreshToken: afterNext, usedAt: prior_used_at } : undefined
}

/** Judges a token that has been exchanged before. */
async function answerSpent(tx: Tx, token: string, session: TokenSession, grace: number): Promise<Rotation> {
  // Either way: a clock that was set back makes no grace longer.
  const isRecent = (usedAt: string | null) =>
    usedAt === null || Math.abs(Date.now() - Date.parse(usedAt)) <= grace
  const live = traceLive(token, session)
  if (live && isRecent(live.usedAt)) {
    const { refreshToken } = live
    return { outcome: 'refreshed', refreshToken, generation: session.generation, ...holderOf(session) }
  }
  // Exchanged by a release that kept no salt: within the grace it may be the second of two tabs.
  if (session.salt === null && isRecent(session.used_at)) return { outcome: 'refused' }
  await endSessions(tx, session.id, { only: session.sessionId })
  return { outcome: 'stolen', ...holderOf(session) }
}

/**
 * Exchanges a refresh token for its successor; `session` is what tokenReader has found by it. Undefined is that it is
 * spent, somebody was faster, or the session has just ended: see judgeSpent.
 *
 * The session's row has all that it takes to judge its tokens, so that an exchange is one conditional change of it,
 * and of two at once one is first. The row keeps hashes alone, and the salt by which the live token follows from the
 * one before: so that one is answered with the same successor, as two tabs or a lost answer need it, without a key
 * that could be changed meanwhile. It is answered for as long as nothing of the exchange has been used, neither the
 * successor nor an access token (FirstUses), and for the grace from then on. Any other token of the session's family
 * means that two parties hold its tokens: the session ends (RFC 9700, section 4.14.2).
 */
export async function exchange(
  db: Db,
  token: string,
  session: TokenSession,
  lifetimes: Lifetimes
): Promise<Rotation | undefined> {
  const hash = hashOf(token)
  if (session.token_hash !== hash) return undefined
  const now = Date.now()
  const salt = newSalt()
  const refreshToken = successorOf(token, salt)
  const { numAffectedRows = 0n } = await writeOne(db, (db) =>
    exchangeToken(db, {
      sessionId: session.sessionId,
      hash,
      successor: hashOf(refreshToken),
      family: familyOf(token),
      salt,
      now: new Date(now).toISOString(),
      expiresAt: expiry(Date.parse(session.created_at), now, lifetimes)
    })
  )
  if (numAffectedRows === 0n) return undefined
  return { outcome: 'refreshed', refreshToken, generation: session.generation + 1, ...holderOf(session) }
}

/** Judges a token that was not exchanged, in the transaction of what follows from it. */
export async function judgeSpent(tx: Tx, token: string, { grace }: Lifetimes): Promise<Rotation> {
  const session = await findByToken(tx, token)
  return session ? answerSpent(tx, token, session, grace) : { outcome: 'refused' }
}
