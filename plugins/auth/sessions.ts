import { createHash, createHmac, randomBytes, randomUUID } from 'node:crypto'
import type { Tx } from '../db/transaction.ts'
import { findToken, keepToken, prolongSession, spendToken } from './refresh-queries.ts'
import { endSessions } from './session-queries.ts'

/** How long sessions live, in milliseconds: unused, and in all; and how long a spent token still answers. */
export interface Lifetimes {
  idle: number
  absolute: number
  grace: number
}

/** Only this is stored of a refresh token: 256 random bits need no slow hash. */
const hashOf = (token: string) => createHash('sha256').update(token).digest('base64url')

const expiry = (createdAt: number, now: number, { idle, absolute }: Lifetimes) =>
  new Date(Math.min(now + idle, createdAt + absolute)).toISOString()

/** Who signs in, and how the request came. */
interface SignIn {
  userId: number
  userAgent: string | undefined
  address: string
  /** The X-Forwarded-For, believed or not. */
  forwardedFor?: string | undefined
}

/** Opens a session for an account; answers its id and its first refresh token. */
export async function startSession(
  tx: Tx,
  signIn: SignIn,
  lifetimes: Lifetimes
): Promise<{ sessionId: string; refreshToken: string }> {
  const now = Date.now()
  const at = new Date(now).toISOString()
  const sessionId = randomUUID()
  const refreshToken = randomBytes(32).toString('base64url')
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
      forwarded_for: signIn.forwardedFor?.slice(0, 256) ?? null
    })
    .execute()
  await keepToken(tx, { hash: hashOf(refreshToken), sessionId, now: at })
  return { sessionId, refreshToken }
}

/** The outcome of presenting a refresh token. */
export type Rotation =
  | {
      outcome: 'refreshed'
      refreshToken: string
      id: number
      username: string
      role: string
      sessionId: string
    }
  | { outcome: 'refused' }
  | { outcome: 'stolen'; sessionId: string; id: number; username: string }

/**
 * Exchanges a refresh token for its successor. Within the grace the same token gets the same successor, derived
 * from it with `key`, so that two tabs that refresh at once stay signed in and nothing usable is stored. A spent
 * token after the grace means that two parties hold it: the whole session ends (RFC 9700, section 4.14.2).
 */
export async function rotate(tx: Tx, token: string, key: Buffer, lifetimes: Lifetimes): Promise<Rotation> {
  const now = Date.now()
  const at = new Date(now).toISOString()
  const hash = hashOf(token)
  const [found] = (await findToken(tx, { hash, now: at })).rows
  if (!found) return { outcome: 'refused' }
  const { spent_at, created_at, ...subject } = found
  const { sessionId } = subject

  if (spent_at !== null && now - Date.parse(spent_at) > lifetimes.grace) {
    await endSessions(tx, subject.id, { only: sessionId })
    return { outcome: 'stolen', ...subject }
  }
  const successor = createHmac('sha256', key).update(token).digest('base64url')
  // Of two that get here at once, one finds the token unspent and stores the successor for both.
  const { numAffectedRows = 0n } = await spendToken(tx, { hash, now: at })
  if (numAffectedRows > 0n) {
    await keepToken(tx, { hash: hashOf(successor), sessionId, now: at })
    const expiresAt = expiry(Date.parse(created_at), now, lifetimes)
    await prolongSession(tx, { sessionId, now: at, expiresAt })
  }
  return { outcome: 'refreshed', refreshToken: successor, ...subject }
}
