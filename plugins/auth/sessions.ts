import { createHash, createHmac, randomBytes, randomUUID } from 'node:crypto'
import { endSessions } from './session-queries.ts'
import type { Db, Tx } from '../db/transaction.ts'

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
  await keepToken(tx, sessionId, refreshToken, at)
  return { sessionId, refreshToken }
}

const keepToken = (tx: Tx, sessionId: string, token: string, at: string) =>
  tx
    .insertInto('refresh_tokens')
    .values({ token_hash: hashOf(token), session_id: sessionId, created_at: at, spent_at: null })
    .execute()

/** What a refresh token leads to: its live session with the active account behind it. */
const findToken = (db: Db, token: string, now: string) =>
  db
    .selectFrom('refresh_tokens')
    .innerJoin('sessions', 'sessions.id', 'refresh_tokens.session_id')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select([
      'refresh_tokens.spent_at',
      'sessions.id as sessionId',
      'sessions.created_at',
      'users.id',
      'users.username',
      'users.role'
    ])
    .where('refresh_tokens.token_hash', '=', hashOf(token))
    .where('sessions.expires_at', '>', now)
    .where('users.status', '=', 'active')
    .executeTakeFirst()

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
  const found = await findToken(tx, token, at)
  if (!found) return { outcome: 'refused' }
  const { spent_at, created_at, ...subject } = found

  if (spent_at !== null && now - Date.parse(spent_at) > lifetimes.grace) {
    await endSessions(tx, subject.id, { only: subject.sessionId })
    return { outcome: 'stolen', ...subject }
  }
  const successor = createHmac('sha256', key).update(token).digest('base64url')
  // Of two that get here at once, one finds the token unspent and stores the successor for both.
  const { numUpdatedRows } = await tx
    .updateTable('refresh_tokens')
    .set({ spent_at: at })
    .where('token_hash', '=', hashOf(token))
    .where('spent_at', 'is', null)
    .executeTakeFirstOrThrow()
  if (numUpdatedRows > 0n) {
    await keepToken(tx, subject.sessionId, successor, at)
    await tx
      .updateTable('sessions')
      .set({ last_used_at: at, expires_at: expiry(Date.parse(created_at), now, lifetimes) })
      .where('id', '=', subject.sessionId)
      .execute()
  }
  return { outcome: 'refreshed', refreshToken: successor, ...subject }
}
