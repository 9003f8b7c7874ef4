import { randomUUID } from 'node:crypto'
import { touch } from '../changes/touched.ts'
import type { Tx } from '../database/database.ts'
import { familyOf, firstToken, hashOf } from './refresh-tokens.ts'

/** How long sessions live, in milliseconds: unused, and in all; and how long a token that is spent is still answered. */
export interface Lifetimes {
  idle: number
  absolute: number
  grace: number
}

/** So many live sessions an account has at most; signing in once more ends the oldest. */
export const mostSessions = 100

/** When a session ends that is used now. */
export const expiry = (createdAt: number, now: number, { idle, absolute }: Lifetimes) =>
  new Date(Math.min(now + idle, createdAt + absolute)).toISOString()

/** Who signs in, and how the request came. */
interface SignIn {
  userId: number
  userAgent: string | undefined
  address: string
  /** The X-Forwarded-For, believed or not. */
  forwardedFor?: string | undefined
  /** By what they prove who they are (RFC 8176); by a password unless told otherwise. */
  amr?: readonly string[]
}

/** Ends the oldest of an account's other sessions where there are too many, a hundred at once; answers their ids. */
async function endOldest(tx: Tx, userId: number, newest: string, now: string): Promise<string[]> {
  const surplus = await tx
    .selectFrom('sessions')
    .select('id')
    .where('user_id', '=', userId)
    .where('expires_at', '>', now)
    .where('id', '!=', newest)
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .offset(mostSessions - 1)
    .limit(mostSessions)
    .execute()
  if (surplus.length === 0) return []
  const ids = surplus.map(({ id }) => id)
  touch(tx, 'sessions', userId)
  await tx.deleteFrom('sessions').where('id', 'in', ids).execute()
  return ids
}

/**
 * Opens a session for an account, which the transaction has locked; answers its id, its first refresh token, when and by
 * what it began, and the ids of the sessions that have ended for it.
 */
export async function startSession(tx: Tx, signIn: SignIn, lifetimes: Lifetimes) {
  const now = Date.now()
  const at = new Date(now).toISOString()
  const sessionId = randomUUID()
  const refreshToken = firstToken()
  const amr = signIn.amr ?? ['pwd']
  await tx
    .insertInto('sessions')
    .values({
      id: sessionId,
      user_id: signIn.userId,
      created_at: at,
      last_used_at: at,
      expires_at: expiry(now, now, lifetimes),
      user_agent: signIn.userAgent?.slice(0, 256) ?? null,
      address: signIn.address,
      forwarded_for: signIn.forwardedFor?.slice(0, 256) ?? null,
      family: familyOf(refreshToken),
      token_hash: hashOf(refreshToken),
      // Nothing was exchanged for it, so that nobody asks whether it is in use.
      used_at: at,
      auth_time: at,
      amr: amr.join(' ')
    })
    .execute()
  return {
    sessionId,
    refreshToken,
    authTime: now,
    amr,
    ended: await endOldest(tx, signIn.userId, sessionId, at)
  }
}
