import { sql } from 'kysely'
import type { Db } from '../database/database.ts'
import type { PageQuery } from '../paging/page.ts'
import { scanPage, withoutIndex } from '../paging/scan.ts'
import { requireInstant } from '../time/instant.ts'

interface AuditFilter extends PageQuery {
  actor?: string
  actor_id?: number
  action?: string
  target?: string
  since?: string
  until?: string
}

/** What an entry shows: not what it is counted by. */
const shown = [
  'id',
  'at',
  'actor_id',
  'actor',
  'key_id',
  'action',
  'target',
  'address',
  'request_id',
  'count',
  'changes'
] as const

/** What entries are filtered by that has an index with their order; in the order of how few they leave, most likely. */
const filters = ['target', 'actor_id', 'actor', 'action'] as const

const order = { at: 'instant', id: 'int64' } as const

/** A page of the audit log, newest first. @throws CursorRefused */
export async function listAudit(db: Db, filter: AuditFilter) {
  const { since, until } = filter
  const given = filters.flatMap((column) => {
    const value = filter[column]
    return value === undefined ? [] : [{ column, value }]
  })
  // Of several SQLite reads along the index of the first; PostgreSQL chooses for itself.
  const [first, ...others] = given
  let query = db.selectFrom('audit').select(shown)
  if (first) query = query.where(first.column, '=', first.value)
  if (since !== undefined) query = query.where('at', '>=', requireInstant(since))
  if (until !== undefined) query = query.where('at', '<', requireInstant(until))
  const conditions = others.map(({ column, value }) => sql<boolean>`${withoutIndex(db, column)} = ${value}`)
  const { rows, next_cursor } = await scanPage(db, query, conditions, filter, order, 'desc')
  const entries = rows.map((row) => ({
    ...row,
    changes: JSON.parse(row.changes) as { member: string; from?: string; to: string }[]
  }))
  return { entries, next_cursor }
}
