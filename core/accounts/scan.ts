import { type RawBuilder, sql } from 'kysely'
import type { Db } from '../database/database.ts'
import type { Order } from '../paging/cursor.ts'
import { pageOf, type PageQuery } from '../paging/page.ts'
import { scanPage, withoutIndex } from '../paging/scan.ts'
import { shownColumns } from '../../schemas/users.ts'

/** So many accounts are sorted by one statement. */
const few = 2_000

/** What a list is narrowed by: usernames from one key up to another, roles and states. */
export interface Narrowing {
  from?: string | undefined
  below?: string | undefined
  role?: string | undefined
  status?: string | undefined
  kind?: string | undefined
}

type Conditions = RawBuilder<boolean>[]

/** The conditions on usernames and on roles and states, in which `ref` writes the columns. */
function conditions(
  { from, below, role, status, kind }: Narrowing,
  ref: (column: string) => RawBuilder<unknown>
) {
  const given = (column: string, comparison: RawBuilder<unknown>, value: string | undefined): Conditions =>
    value === undefined ? [] : [sql<boolean>`${ref(column)} ${comparison} ${value}`]
  return {
    names: [...given('username_key', sql`>=`, from), ...given('username_key', sql`<`, below)],
    kinds: [
      ...given('role', sql`=`, role),
      ...given('status', sql`=`, status),
      ...given('kind', sql`=`, kind)
    ]
  }
}

/**
 * A page of accounts by conditions of which SQLite has no index in the order of the list: usernames in the order of ids,
 * or roles and states in the order of usernames. A few it finds by those, and sorts them; where there are many, the list
 * is looked through in its order, and the first are soon met. @throws CursorRefused
 */
export async function scanUsers(db: Db, by: Narrowing, sort: 'id' | 'username', page: PageQuery) {
  const indexed = conditions(by, (column) => sql.ref(column))
  const plain = conditions(by, (column) => withoutIndex(db, column))
  const [along, across] = sort === 'id' ? (['kinds', 'names'] as const) : (['names', 'kinds'] as const)
  const users = db.selectFrom('users').select([...shownColumns, 'username_key'])
  const found = users.where((is) => is.and(indexed[across])).limit(few)
  const { count } = await db
    .selectFrom(found.as('found'))
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirstOrThrow()
  const inOrder = <Column extends 'id' | 'username_key'>(order: Order<Column>) => {
    if (count === few)
      return scanPage(
        db,
        users.where((is) => is.and(indexed[along])),
        plain[across],
        page,
        order
      )
    const sorted = db.selectFrom(found.as('users')).selectAll()
    return pageOf(
      sorted.where((is) => is.and(plain[along])),
      page,
      order
    )
  }
  return sort === 'id' ? inOrder({ id: 'int32' }) : inOrder({ username_key: 'text' })
}
