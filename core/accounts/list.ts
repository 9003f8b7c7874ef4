import type { Static } from '@sinclair/typebox'
import { usernameKey } from './usernames.ts'
import { isPostgres } from '../database/backend.ts'
import { jsonLines, jsonOf, withoutLast } from '../database/json.ts'
import { prepareRead } from '../database/prepared.ts'
import type { Db } from '../database/database.ts'
import { makeCursor, readCursor } from '../paging/cursor.ts'
import { User } from '../../schemas/users.ts'
import { scanUsers } from './scan.ts'

interface UserFilter {
  limit?: number
  cursor?: string
  /** The beginning of the username, without regard to case. */
  q?: string
  role?: string
  status?: 'active' | 'disabled'
  kind?: 'person' | 'service'
  sort?: 'id' | 'username'
}

/** What a query compares with, where it has a value, and how many rows it takes. */
interface Bounds {
  role?: string | undefined
  status?: UserFilter['status'] | undefined
  kind?: UserFilter['kind'] | undefined
  from?: string | undefined
  below?: string | undefined
  after?: number | string | undefined
  rows: number
}

/** Sorts after every text that begins with a prefix, when it stands behind the prefix. */
const last = '\u{10FFFF}'

interface Lines {
  lines: string | null
  count: number
}

/** The query for accounts as lines of JSON, narrowed by the bounds that have a value here. */
const prepareList = (db: Db, column: 'id' | 'username_key', bounds: Bounds) =>
  prepareRead<Bounds, Lines>(db, (value) => {
    let query = db.selectFrom('users').select(jsonOf(db, User).as('json'))
    if (bounds.role !== undefined) query = query.where('role', '=', value('role'))
    if (bounds.status !== undefined) query = query.where('status', '=', value('status'))
    if (bounds.kind !== undefined) query = query.where('kind', '=', value('kind'))
    if (bounds.from !== undefined) query = query.where('username_key', '>=', value('from'))
    if (bounds.below !== undefined) query = query.where('username_key', '<', value('below'))
    if (bounds.after !== undefined) query = query.where(column, '>', value('after'))
    return db
      .selectFrom(query.orderBy(column).limit(value('rows')).as('page'))
      .select([jsonLines('json').as('lines'), ({ fn }) => fn.countAll<number>().as('count')])
  })

/** The JSON text of a UserPage, made of one line more than it holds, if there is one more. */
function pageOf([found]: Lines[], limit: number, byId: boolean): string {
  const lines = found?.lines ?? ''
  if (!found || found.count <= limit) return `{"users":[${lines}],"next_cursor":null}`
  const { left, row } = withoutLast(lines)
  const { id, username } = row as Static<typeof User>
  return `{"users":[${left}],"next_cursor":"${makeCursor(byId ? id : usernameKey(username))}"}`
}

/** The same of rows that have been read as such. */
async function textOf(found: ReturnType<typeof scanUsers>): Promise<string> {
  const { rows, next_cursor } = await found
  return JSON.stringify({ users: rows.map(({ username_key, ...user }) => user), next_cursor })
}

/**
 * Makes the function that answers a page of accounts in the order of their ids or usernames, as the JSON text of a
 * UserPage: it is the longest list. It throws CursorRefused for a cursor of another order.
 */
export function userLister(db: Db) {
  const queries = new Map<string, ReturnType<typeof prepareList>>()
  return ({
    limit = 50,
    cursor,
    q,
    role,
    status,
    kind,
    sort = 'id'
  }: UserFilter): string | Promise<string> => {
    const page = { limit, ...(cursor !== undefined && { cursor }) }
    const byId = sort === 'id'
    const from = q === undefined ? undefined : usernameKey(q)
    const below = from === undefined ? undefined : from + last
    const after = readCursor(cursor, byId ? { id: 'int32' } : { username_key: 'text' })?.[0]
    const bounds = { role, status, kind, from, below, after, rows: limit + 1 }

    // No index has this order too: PostgreSQL finds a way, and holds nobody up.
    const across = byId ? q : (role ?? status ?? kind)
    if (across !== undefined && !isPostgres(db)) return textOf(scanUsers(db, bounds, sort, page))

    const shape = `${sort} ${[role, status, kind, q, cursor].map((filter) => filter === undefined).join()}`
    let list = queries.get(shape)
    if (!list) {
      list = prepareList(db, byId ? 'id' : 'username_key', bounds)
      queries.set(shape, list)
    }
    const found = list(bounds)
    // What is here already is answered without a promise, which would cost a good part of the query.
    return found instanceof Promise
      ? found.then((rows) => pageOf(rows, limit, byId))
      : pageOf(found, limit, byId)
  }
}
