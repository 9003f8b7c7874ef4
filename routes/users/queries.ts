import { pageOf, readCursor } from '../../schemas/cursor.ts'
import { shownUser } from '../../plugins/accounts/users.ts'
import { usernameKey } from '../../plugins/accounts/usernames.ts'
import type { Db } from '../../plugins/db/transaction.ts'

interface UserFilter {
  limit?: number
  cursor?: string
  /** The beginning of the username, without regard to case. */
  q?: string
  role?: string
  status?: 'active' | 'disabled'
  sort?: 'id' | 'username'
}

/** Sorts after every text that begins with a prefix, when it stands behind the prefix. */
const last = '\u{10FFFF}'

/** A page of accounts in the order of their ids or usernames. @throws CursorRefused for a cursor of another order */
export async function listUsers(db: Db, { limit = 50, cursor, q, role, status, sort = 'id' }: UserFilter) {
  let query = db.selectFrom('users').select(shownUser)
  if (q !== undefined) {
    const prefix = usernameKey(q)
    query = query.where('username_key', '>=', prefix).where('username_key', '<', prefix + last)
  }
  if (role !== undefined) query = query.where('role', '=', role)
  if (status !== undefined) query = query.where('status', '=', status)
  if (sort === 'id') {
    const after = readCursor(cursor, ['number'])
    if (after) query = query.where('id', '>', after[0])
    query = query.orderBy('id')
  } else {
    const after = readCursor(cursor, ['string'])
    if (after) query = query.where('username_key', '>', after[0])
    query = query.orderBy('username_key')
  }
  const rows = await query.limit(limit + 1).execute()
  const { page, next_cursor } = pageOf(rows, limit, ({ id, username }) => [
    sort === 'id' ? id : usernameKey(username)
  ])
  return { users: page, next_cursor }
}
