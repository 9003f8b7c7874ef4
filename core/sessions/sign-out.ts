import type { FastifyRequest } from 'fastify'
import { asSession, requireSession, tokenInvalid } from '../access/caller.ts'
import { recordAudit } from '../audit/record.ts'
import type { Tx } from '../database/database.ts'
import { hashOf } from './refresh-tokens.ts'
import { presentedToken } from './presented.ts'
import { endSessions } from './session-queries.ts'

/** A session that ends itself, or others of its account. */
interface Leaving {
  userId: number
  sessionId: string
}

const leaving = ({ id, sessionId }: { id: number; sessionId: string }): Leaving => ({ userId: id, sessionId })

/** Which sessions of an account end: the one that is left, all others, or all. */
export type Scope = 'session' | 'others' | 'all'

/** What reads an access token of ours, whether it counts or not, from an Authorization header. */
type ReadAccessToken = (header: string | undefined) => Leaving | undefined

/**
 * The session that a request signs out of; undefined is one that has ended already. It is that of the refresh token, or
 * else of the access token. An access token that has expired ends its own session too, and a refresh token that is spent:
 * whoever wakes a laptop up has nothing else, and whoever has stolen one does its owner a service. To end other sessions
 * takes a token that counts. @throws TokenMissing, TokenInvalid, TokenRepeated, SessionNeeded
 */
export function findLeaving(
  request: FastifyRequest,
  scope: Scope,
  read: ReadAccessToken
): Leaving | undefined {
  const { headers, presentedSession: session, user } = request
  const token = presentedToken(request)
  const isLive = token !== undefined && session?.token_hash === hashOf(token)
  if (session && (isLive || scope === 'session')) return leaving(session)
  if (user) return leaving(asSession(user))
  const expired = read(headers.authorization)
  if (scope === 'session' && (expired || token !== undefined)) return expired
  if (token !== undefined) throw tokenInvalid()
  return leaving(requireSession(request))
}

/** Ends sessions, and says so in the audit log where any was left to end. */
export async function signOut(tx: Tx, request: FastifyRequest, { userId, sessionId }: Leaving, scope: Scope) {
  const which = { session: { only: sessionId }, others: { except: sessionId }, all: {} }[scope]
  const actor = await tx
    .selectFrom('users')
    .select(['id', 'username'])
    .where('id', '=', userId)
    .executeTakeFirst()
  if (!actor || (await endSessions(tx, userId, which)) === 0) return
  const target = scope === 'session' ? `session:${sessionId}` : `user:${userId}`
  await recordAudit(tx, request, { action: 'session.end', target, actor, changes: { scope } })
}
