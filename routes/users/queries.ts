import { pageOf, readCursor } from '../../schemas/cursor.ts'
import type { Static } from '@sinclair/typebox'
import { User } from '../../schemas/users.ts'
import { usernameKey } from '../../plugins/accounts/usernames.ts'
import { jsonLines, jsonOf } from '../../plugins/db/json.ts'
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

/**
 * Makes the function that answers a page of accounts in the order of their ids or usernames, as the JSON text of a
 * UserPage: it is the longest list. It throws CursorRefused for a cursor of another order.
 */
export function userLister(db: Db) {
  const json = jsonOf(db, User).as('json')
  return async ({ limit = 50, cursor, q, role, status, sort = 'id' }: UserFilter) => {
    const column = sort === 'id' ? 'id' : 'username_key'
    let query = db.selectFrom('users').select([column, json])
    if (q !== undefined) {
      const prefix = usernameKey(q)
      query = query.where('username_key', '>=', prefix).where('username_key', '<', prefix + last)
    }
    if (role !== undefined) query = query.where('role', '=', role)
    if (status !== undefined) query = query.where('status', '=', status)
    const after = readCursor(cursor, [sort === 'id' ? 'number' : 'string'])
    if (after) query = query.where(column, '>', after[0])
    const rows = query.orderBy(column).limit(limit + 1)
    const { lines } = await db
      .selectFrom(rows.as('rows'))
      .select(jsonLines('json', column).as('lines'))
      .executeTakeFirstOrThrow()

    const { page, next_cursor } = pageOf(lines?.split('\n') ?? [], limit, (line) => {
      const { id, username } = JSON.parse(line) as Static<typeof User>
      return [sort === 'id' ? id : usernameKey(username)]
    })
    return `{"users":[${page.join()}],"next_cursor":${JSON.stringify(next_cursor)}}`
  }
}
