import { type RawBuilder, type SelectQueryBuilder, type Simplify, sql } from 'kysely'
import { setImmediate } from 'node:timers/promises'
import { isPostgres } from '../database/backend.ts'
import type { Db } from '../database/database.ts'
import { columnsOf, type Order, readCursor } from './cursor.ts'
import { cut, type Page, pageOf, type PageQuery } from './page.ts'

/** Rows that one statement looks at: few milliseconds of SQLite, which reads on the event loop. */
const window = 2_000

/**
 * A column in a condition of which SQLite uses no index: it would rather look through all that an index finds than through
 * a window. PostgreSQL, which has no such sign for texts, is told nothing.
 */
export const withoutIndex = (db: Db, column: string) =>
  isPostgres(db) ? sql.ref(column) : sql`+${sql.ref(column)}`

/**
 * A page of those rows of `along` that meet conditions too which no index of the order has. On SQLite it is looked for in
 * windows, in as many statements as it takes, and others are served in between; PostgreSQL finds a way of its own.
 * @throws CursorRefused
 */
export async function scanPage<
  DB,
  Table extends keyof DB,
  Column extends string,
  Row extends Record<Column, number | string>
>(
  db: Db,
  along: SelectQueryBuilder<DB, Table, Row>,
  conditions: readonly RawBuilder<boolean>[],
  page: PageQuery,
  order: Order<Column>,
  direction: 'asc' | 'desc' = 'asc'
): Promise<Page<Row>> {
  if (conditions.length === 0 || isPostgres(db)) {
    const all = conditions.reduce((query, condition) => query.where(condition), along)
    return pageOf(all, page, order, direction)
  }
  const { limit = 50, cursor } = page
  const names = columnsOf(order)
  const place = sql`(${sql.join(names.map((name) => sql.ref(name)))})`
  const [beyond, until] = direction === 'asc' ? [sql`>`, sql`<=`] : [sql`<`, sql`>=`]
  const valuesOf = (row: Record<Column, number | string>) => names.map((name) => row[name])
  let sorted = along
  for (const name of names) sorted = sorted.orderBy(sql.ref(name), direction)
  const found: Simplify<Row>[] = []
  let after: (number | string)[] | undefined = readCursor(cursor, order)
  for (;;) {
    const rest = after ? sorted.where(sql<boolean>`${place} ${beyond} (${sql.join(after)})`) : sorted
    const end = await rest.limit(1).offset(window).executeTakeFirst()
    let matching = rest.limit(limit + 1 - found.length)
    if (end) matching = matching.where(sql<boolean>`${place} ${until} (${sql.join(valuesOf(end))})`)
    for (const condition of conditions) matching = matching.where(condition)
    found.push(...(await matching.execute()))
    if (found.length > limit || !end) return cut(found, limit, names)
    after = valuesOf(end)
    await setImmediate()
  }
}
