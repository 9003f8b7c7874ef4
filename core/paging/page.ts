import { type SelectQueryBuilder, sql } from 'kysely'
import { columnsOf, makeCursor, type Order, readCursor } from './cursor.ts'

/** What every list takes. */
export interface PageQuery {
  limit?: number
  cursor?: string
}

/** A part of a list, and the cursor for what follows; null at the end. */
export interface Page<Row> {
  rows: Row[]
  next_cursor: string | null
}

/** Cuts a list that goes on behind the page, if anything follows. */
export function cut<Column extends string, Row extends Record<Column, number | string>>(
  rows: Row[],
  limit: number,
  columns: readonly Column[]
): Page<Row> {
  const page = rows.slice(0, limit)
  const last = rows.length > limit ? page.at(-1) : undefined
  return { rows: page, next_cursor: last ? makeCursor(...columns.map((column) => last[column])) : null }
}

/**
 * A page of what a query finds, in the order of columns that it selects; together they are unique. The place of the
 * page is a value and not a count, so that a list which changes meanwhile skips and repeats nothing.
 * @throws CursorRefused
 */
export async function pageOf<
  DB,
  Table extends keyof DB,
  Column extends string,
  Row extends Record<Column, number | string>
>(
  query: SelectQueryBuilder<DB, Table, Row>,
  { limit = 50, cursor }: PageQuery,
  order: Order<Column>,
  direction: 'asc' | 'desc' = 'asc'
): Promise<Page<Row>> {
  const after = readCursor(cursor, order)
  const names = columnsOf(order)
  const columns = names.map((name) => sql.ref(name))
  const beyond = direction === 'asc' ? sql`>` : sql`<`
  let sorted = query.limit(limit + 1)
  for (const column of columns) sorted = sorted.orderBy(column, direction)
  if (after) sorted = sorted.where(sql<boolean>`(${sql.join(columns)}) ${beyond} (${sql.join(after)})`)
  return cut(await sorted.execute(), limit, names)
}

/** A page of a list in memory, which is in the order of this column. @throws CursorRefused */
export function pageOfArray<Column extends string, Row extends Record<Column, string>>(
  list: readonly Row[],
  { limit = 50, cursor }: PageQuery,
  column: Column
): Page<Row> {
  const [after = ''] = readCursor(cursor, { [column]: 'text' }) ?? []
  return cut(
    list.filter((row) => row[column] > after),
    limit,
    [column]
  )
}
