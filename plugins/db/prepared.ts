import { type Compilable, type RawBuilder, sql } from 'kysely'
import { readerOf } from './open.ts'
import type { Db } from './transaction.ts'

/** Makes the expression for a value that each run of a query is given by this name. */
type Value<Values> = <K extends keyof Values>(name: K) => RawBuilder<Exclude<Values[K], undefined>>

/**
 * Builds a query that only reads, once, and answers the function that runs it with values: building one costs several
 * times what SQLite takes for it. Each run has to be given every value that `build` has used. From a SQLite file it
 * answers at once, since a promise would cost as much as the query.
 */
export function prepareRead<Values extends object, Row>(
  db: Db,
  build: (value: Value<Values>) => Compilable<Row>
): (values: Values) => Row[] | Promise<Row[]> {
  const names = new Map<unknown, keyof Values>()
  const compiled = build((name) => {
    const place = Symbol(String(name))
    names.set(place, name)
    return sql`${place}`
  }).compile()
  const fill = (values: Values) =>
    compiled.parameters.map((parameter) => {
      const name = names.get(parameter)
      return name === undefined ? parameter : values[name]
    })
  const read = readerOf(db)?.prepare<Row>(compiled.sql)
  if (read) return (values) => read(fill(values))
  return async (values) => (await db.executeQuery<Row>({ ...compiled, parameters: fill(values) })).rows
}
