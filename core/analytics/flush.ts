import { sql } from 'kysely'
import { type Grain, grains, outcomes } from '../../schemas/analytics.ts'
import type { Db, Tx } from '../database/database.ts'
import { write } from '../database/transaction.ts'
import { bounds } from './latency.ts'
import { type Snapshot, width } from './recorder.ts'

/** Milliseconds of each grain. */
export const lengths: Record<Grain, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }

/** When the minute, the hour or the day begins that an instant is in. */
export const beginOf = (now: number, grain: Grain) =>
  new Date(Math.floor(now / lengths[grain]) * lengths[grain]).toISOString()

const bucketNames = bounds.map((_, index) => `b${index + 1}`)
const summed = ['count', 'ms', ...bucketNames]

/** So many rows at once: few sizes, as each is a statement of its own that the database has to prepare. */
const sizes = [64, 8, 1]

function* inSizes<T>(rows: readonly T[]): Generator<readonly T[]> {
  let done = 0
  for (const size of sizes)
    for (; rows.length - done >= size; done += size) yield rows.slice(done, done + size)
}

type Value = string | number

/**
 * Adds rows to those of the same key. Rows come in the order of their keys, so that two processes which add to the same
 * ones wait for each other in one order.
 */
async function addRows(
  tx: Tx,
  table: string,
  key: readonly string[],
  sums: readonly string[],
  rows: readonly Value[][]
) {
  const columns = [...key, ...sums]
  const names = sql.join(columns.map((name) => sql.ref(name)))
  const updates = sums.map((name) => {
    const now = sql.ref(`${table}.${name}`)
    return sql`${sql.ref(name)} = ${now} + ${sql.ref(`excluded.${name}`)}`
  })
  const then = updates.length > 0 ? sql`do update set ${sql.join(updates)}` : sql`do nothing`
  const sorted = [...rows].sort((a, b) =>
    String(a.slice(0, key.length)) < String(b.slice(0, key.length)) ? -1 : 1
  )
  for (const some of inSizes(sorted)) {
    const values = sql.join(some.map((row) => sql`(${sql.join(row)})`))
    await sql`insert into ${sql.table(table)} (${names}) values ${values}
      on conflict (${sql.join(key.map((name) => sql.ref(name)))}) ${then}`.execute(tx)
  }
}

/** The rows of what was counted, for each grain: of each route and outcome, and of all routes together. */
function trafficRows({ routes }: Snapshot, now: number): Value[][] {
  const all = new Float64Array(outcomes.length * width)
  for (const { sums } of routes)
    for (const [index, value] of sums.entries()) all[index] = (all[index] ?? 0) + value
  return [...routes, { route: '*', method: '*', sums: all }].flatMap(({ route, method, sums }) =>
    outcomes.flatMap((outcome, index) => {
      const [count = 0, ms = 0, ...buckets] = sums.subarray(index * width, (index + 1) * width)
      if (count === 0) return []
      return grains.map((grain) => [
        grain,
        route,
        method,
        outcome,
        beginOf(now, grain),
        count,
        Math.round(ms),
        ...buckets
      ])
    })
  )
}

const isEmpty = ({ routes, events }: Snapshot) => routes.length === 0 && events.length === 0

/** Adds what was counted to what all processes have. Nothing is written when nothing was counted. */
export async function writeSnapshot(db: Db, snapshot: Snapshot, now: number) {
  if (isEmpty(snapshot)) return
  const { events, callers, actives } = snapshot
  const traffic = trafficRows(snapshot, now)
  const happened = grains.flatMap((grain) =>
    events.map(([event, count]): Value[] => [grain, event, beginOf(now, grain), count])
  )
  const hour = beginOf(now, 'hour')
  const busy = callers.map(({ key, count, limited }): Value[] => [hour, key, count, limited])
  const day = beginOf(now, 'day')
  await write(db, async (tx) => {
    await addRows(tx, 'traffic', ['grain', 'route', 'method', 'outcome', 'at'], summed, traffic)
    await addRows(tx, 'events', ['grain', 'event', 'at'], ['count'], happened)
    await addRows(tx, 'callers', ['hour', 'caller'], ['count', 'limited'], busy)
    await addRows(
      tx,
      'actives',
      ['day', 'user_id'],
      [],
      actives.map((id) => [day, id])
    )
  })
}
