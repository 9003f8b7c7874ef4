import type { AuditAction } from '../../schemas/audit.ts'
import type { Db } from '../../plugins/db/transaction.ts'
import { pageOf, readCursor } from '../../schemas/cursor.ts'

interface AuditFilter {
  limit?: number
  cursor?: string
  actor?: string
  action?: AuditAction
  target?: string
  since?: string
  until?: string
}

/** A page of the audit log, newest first. @throws CursorRefused */
export async function listAudit(db: Db, filter: AuditFilter) {
  const { limit = 50, cursor, actor, action, target, since, until } = filter
  const after = readCursor(cursor, ['number'])
  let query = db.selectFrom('audit').selectAll()
  if (actor !== undefined) query = query.where('actor', '=', actor)
  if (action !== undefined) query = query.where('action', '=', action)
  if (target !== undefined) query = query.where('target', '=', target)
  if (since !== undefined) query = query.where('at', '>=', new Date(since).toISOString())
  if (until !== undefined) query = query.where('at', '<', new Date(until).toISOString())
  if (after) query = query.where('id', '<', after[0])
  const rows = await query
    .orderBy('id', 'desc')
    .limit(limit + 1)
    .execute()
  const { page, next_cursor } = pageOf(rows, limit, ({ id }) => [id])
  return {
    entries: page.map((row) => ({
      ...row,
      changes: JSON.parse(row.changes) as { member: string; to: string }[]
    })),
    next_cursor
  }
}
