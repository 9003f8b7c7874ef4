import { pageOf, readCursor } from '../../schemas/cursor.ts'
import { defineProblem } from '../../schemas/problems.ts'
import type { Db, Tx } from '../db/transaction.ts'

export const SessionNotFound = defineProblem('SESSION_NOT_FOUND', 404, 'No such session', {
  detail: 'The account has no session with this id.',
  about: 'The session has ended, or belongs to another account.'
})

interface SessionFilter {
  limit?: number
  cursor?: string
  address?: string
}

/** A page of an account's live sessions, newest first; `currentId` marks the one that asks. @throws CursorRefused */
export async function listSessions(
  db: Db,
  userId: number,
  { limit = 50, cursor, address }: SessionFilter,
  currentId: string
) {
  const after = readCursor(cursor, ['string', 'string'])
  let query = db
    .selectFrom('sessions')
    .select(['id', 'created_at', 'last_used_at', 'expires_at', 'user_agent', 'address'])
    .where('user_id', '=', userId)
    .where('expires_at', '>', new Date().toISOString())
  if (address !== undefined) query = query.where('address', '=', address)
  if (after) {
    const [createdAt, id] = after
    query = query.where((where) =>
      where.or([
        where('created_at', '<', createdAt),
        where.and([where('created_at', '=', createdAt), where('id', '<', id)])
      ])
    )
  }
  const rows = await query
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute()
  const { page, next_cursor } = pageOf(rows, limit, ({ created_at, id }) => [created_at, id])
  return { sessions: page.map((session) => ({ ...session, current: session.id === currentId })), next_cursor }
}

/** Ends sessions of an account: one, all but one, or all. Answers how many. Their refresh tokens go with them. */
export async function endSessions(tx: Tx, userId: number, which: { only?: string; except?: string } = {}) {
  let query = tx.deleteFrom('sessions').where('user_id', '=', userId)
  if (which.only !== undefined) query = query.where('id', '=', which.only)
  if (which.except !== undefined) query = query.where('id', '!=', which.except)
  const { numDeletedRows } = await query.executeTakeFirstOrThrow()
  return Number(numDeletedRows)
}
