import type { TObject } from '@sinclair/typebox'
import { PostgresAdapter, type RawBuilder, sql } from 'kysely'
import type { Db } from './transaction.ts'

/** How PostgreSQL writes an instant as the service does (RFC 3339 in UTC with milliseconds). */
const instant = (column: string) =>
  sql`to_char(${sql.ref(column)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

/**
 * The columns that a schema names, as the text of a JSON object made by the database: of a long page, making rows
 * into objects and these into JSON costs twice as much as the query.
 */
export function jsonOf(db: Db, { properties }: TObject) {
  const isPostgres = db.getExecutor().adapter instanceof PostgresAdapter
  const members = Object.entries(properties).flatMap(([column, schema]) => [
    sql.lit(column),
    isPostgres && schema['format'] === 'date-time' ? instant(column) : sql.ref(column)
  ])
  const object = isPostgres
    ? sql`json_build_object(${sql.join(members)})::text`
    : sql`json_object(${sql.join(members)})`
  // Nothing in it depends on the request: one text is put into each query faster than its parts.
  return sql.raw<string>(object.compile(db).sql)
}

/**
 * JSON texts as one, with a comma and a line break between them: none has one in it. They come in the order of the
 * subquery that they are selected from, as both databases take its rows; ordering here would sort them once more.
 */
export const jsonLines = (json: string): RawBuilder<string | null> =>
  sql`string_agg(${sql.ref(json)}, ${sql.lit(',\n')})`
