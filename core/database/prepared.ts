import {
  type Compilable,
  type CompiledQuery,
  type DialectAdapter,
  type QueryResult,
  type RawBuilder,
  sql
} from 'kysely'
import { readerOf } from './open.ts'
import type { Db } from './database.ts'
import { nameStatement } from './postgres-statements.ts'

/** Makes the expression for a value that each run of a query is given by this name. */
export type Value<Values> = <K extends keyof Values>(name: K) => RawBuilder<Exclude<Values[K], undefined>>

/** A query as it is built, and what puts a run's values into the places of its parameters. */
interface Built<Values, Row> {
  query: CompiledQuery<Row>
  fill: (values: Values) => readonly unknown[]
}

function buildOnce<Values extends object, Row>(
  build: (value: Value<Values>) => Compilable<Row>
): Built<Values, Row> {
  const names = new Map<unknown, keyof Values>()
  const query = build((name) => {
    const place = Symbol(String(name))
    names.set(place, name)
    return sql`${place}`
  }).compile()
  nameStatement(query.sql)
  const fill = (values: Values) =>
    query.parameters.map((parameter) => {
      const name = names.get(parameter)
      return name === undefined ? parameter : values[name]
    })
  return { query, fill }
}

/**
 * A query that is built when it first runs, and never again: building costs several times what SQLite takes for it.
 * Each run is given the database or transaction to run on, and every value that `build` has used.
 */
export function prepare<Values extends object, Row>(
  build: (db: Db, value: Value<Values>) => Compilable<Row>
): (db: Db, values: Values) => Promise<QueryResult<Row>> {
  const built = new WeakMap<DialectAdapter, Built<Values, Row>>()
  return (db, values) => {
    // A database and its transactions have it in common.
    const { adapter } = db.getExecutor()
    let once = built.get(adapter)
    if (!once) {
      once = buildOnce((value: Value<Values>) => build(db, value))
      built.set(adapter, once)
    }
    return db.executeQuery({ ...once.query, parameters: once.fill(values) })
  }
}

/**
 * A query that only reads, built at once. From a SQLite file it answers what has been committed without a promise,
 * which would cost as much as the query.
 */
export function prepareRead<Values extends object, Row>(
  db: Db,
  build: (value: Value<Values>) => Compilable<Row>
): (values: Values) => Row[] | Promise<Row[]> {
  const { query, fill } = buildOnce(build)
  const read = readerOf(db)?.prepare<Row>(query.sql)
  if (read) return (values) => read(fill(values))
  return async (values) => (await db.executeQuery<Row>({ ...query, parameters: fill(values) })).rows
}
