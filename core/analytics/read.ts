import { eventNames, gaugeNames, type Grain, type Outcome, outcomes } from '../../schemas/analytics.ts'
import type { Db } from '../database/database.ts'
import { lengths } from './flush.ts'
import { activesGauge } from './gauges.ts'
import { percentile } from './latency.ts'
import type { RouteName } from './routes.ts'
import { column, type Points, pointsOf, spanOf, type SpanQuery } from './series.ts'

type Query = SpanQuery & { grain?: Grain }

const buckets = ['b1', 'b2', 'b3', 'b4', 'b5', 'b6', 'b7', 'b8', 'b9', 'b10', 'b11', 'b12'] as const

/** A series for each name, of the rows that bear it. */
const columnsOf = <Name extends string>(
  points: Points,
  names: readonly Name[],
  rows: readonly { name: string; at: string; value: number }[]
) =>
  Object.fromEntries(
    names.map((name) => [
      name,
      column(
        points,
        rows.filter((row) => row.name === name),
        ({ value }) => value
      )
    ])
  ) as Record<Name, (number | null)[]>

/** The sums of several rows. */
interface Sums {
  at: string
  counts: Partial<Record<string, number>>
  count: number
  ms: number
  buckets: number[]
}

function addTo(sums: Sums, outcome: string, row: Partial<Record<string, number>>) {
  const { count = 0, ms = 0 } = row
  sums.counts[outcome] = (sums.counts[outcome] ?? 0) + count
  sums.count += count
  sums.ms += ms
  for (const [index, name] of buckets.entries())
    sums.buckets[index] = (sums.buckets[index] ?? 0) + (row[name] ?? 0)
}

const byOutcome = <T>(valueOf: (outcome: Outcome) => T) =>
  Object.fromEntries(outcomes.map((outcome) => [outcome, valueOf(outcome)])) as Record<Outcome, T>

const noSums = (at: string): Sums => ({ at, counts: {}, count: 0, ms: 0, buckets: [] })

const microseconds = ({ count, ms }: Sums) => Math.round((ms / count) * 1_000)

/** Requests over time: of a route, or of all. @throws SpanRefused */
export async function trafficSeries(
  db: Db,
  { route = '*', method, ...query }: Query & { route?: string; method?: string }
) {
  const points = pointsOf(query)
  // Where a route has no method of its own, as all together, it is written so.
  const methods = method === undefined ? ['GET', '*'] : [method]
  const rows = await db
    .selectFrom('traffic')
    .select(['outcome', 'at', 'count', 'ms', ...buckets])
    .where('grain', '=', points.grain)
    .where('route', '=', route)
    .where('method', 'in', methods)
    .where('outcome', 'in', outcomes)
    .where('at', '>=', points.from)
    .where('at', '<', points.until)
    .execute()
  const byPoint = new Map<string, Sums>()
  for (const { outcome, at, ...row } of rows) {
    const sums = byPoint.get(at) ?? noSums(at)
    addTo(sums, outcome, row)
    byPoint.set(at, sums)
  }
  const all = [...byPoint.values()]
  const share = (part: number) => column(points, all, (sums) => percentile(sums.buckets, part) ?? 0)
  return {
    grain: points.grain,
    at: points.at,
    series: {
      // Where there was any request, none of a kind is zero.
      ...byOutcome((outcome) => column(points, all, ({ counts }) => counts[outcome] ?? 0)),
      mean_us: column(points, all, microseconds),
      p50_us: share(0.5),
      p95_us: share(0.95),
      p99_us: share(0.99)
    }
  }
}

/** How often things happened, over time. @throws SpanRefused */
export async function eventSeries(db: Db, query: Query) {
  const points = pointsOf(query)
  const rows = await db
    .selectFrom('events')
    .select(['event as name', 'at', 'count as value'])
    .where('grain', '=', points.grain)
    .where('event', 'in', eventNames)
    .where('at', '>=', points.from)
    .where('at', '<', points.until)
    .execute()
  return { grain: points.grain, at: points.at, series: columnsOf(points, eventNames, rows) }
}

const gaugeRows = (db: Db, points: Points, names: readonly string[]) =>
  db
    .selectFrom('gauges')
    .select(['name', 'at', 'value'])
    .where('grain', '=', points.grain)
    .where('name', 'in', names)
    .where('at', '>=', points.from)
    .where('at', '<', points.until)
    .execute()

/** What was measured, over time. @throws SpanRefused */
export async function gaugeSeries(db: Db, query: Query) {
  const points = pointsOf(query)
  const rows = await gaugeRows(db, points, gaugeNames)
  return { grain: points.grain, at: points.at, series: columnsOf(points, gaugeNames, rows) }
}

/** How many accounts were active on each day. @throws SpanRefused */
export async function activeSeries(db: Db, span: SpanQuery) {
  const points = pointsOf({ ...span, grain: 'day' })
  const rows = await gaugeRows(db, points, [activesGauge])
  const accounts = column(points, rows, ({ value }) => value)
  return { grain: points.grain, at: points.at, series: { accounts } }
}

const { day } = lengths
/** Up to so long a span is summed up from its hours, beyond from its days. */
const mostHours = 2 * day

/** What each of these routes has answered in a span, the busiest first. @throws SpanRefused */
export async function routeTotals(db: Db, span: SpanQuery, known: readonly RouteName[]) {
  const { begin, end } = spanOf(span, 400 * day, '400 days')
  const grain = end - begin <= mostHours ? 'hour' : 'day'
  const step = lengths[grain]
  const rows = await db
    .selectFrom('traffic')
    .select(['route', 'method', 'outcome'])
    .select(({ fn }) => [
      fn.sum('count').as('count'),
      fn.sum('ms').as('ms'),
      ...buckets.map((name) => fn.sum(name).as(name))
    ])
    .where('grain', '=', grain)
    // By name, so that the index leads to each: the others of this grain are not looked at.
    .where('route', 'in', [...new Set(known.map(({ route }) => route))])
    .where('method', 'in', [...new Set(known.map(({ method }) => method))])
    .where('outcome', 'in', outcomes)
    .where('at', '>=', new Date(Math.floor(begin / step) * step).toISOString())
    .where('at', '<', new Date(end).toISOString())
    .groupBy(['route', 'method', 'outcome'])
    .execute()
  const byRoute = new Map<string, { route: string; method: string; sums: Sums }>()
  for (const { route, method, outcome, ...row } of rows) {
    const name = `${method} ${route}`
    const found = byRoute.get(name) ?? { route, method, sums: noSums('') }
    // PostgreSQL sums up to what no number may hold, and writes it as text.
    const numbers = Object.fromEntries(Object.entries(row).map(([key, value]) => [key, Number(value)]))
    addTo(found.sums, outcome, numbers)
    byRoute.set(name, found)
  }
  return [...byRoute.values()]
    .sort((a, b) => b.sums.count - a.sums.count)
    .map(({ route, method, sums }) => ({
      route,
      method,
      ...byOutcome((outcome) => sums.counts[outcome] ?? 0),
      mean_us: microseconds(sums),
      p95_us: percentile(sums.buckets, 0.95) ?? 0
    }))
}

/** Who has called most in a span of a week at most. @throws SpanRefused */
export async function busyCallers(db: Db, span: SpanQuery) {
  const { begin, end } = spanOf(span, 7 * day, '7 days')
  const rows = await db
    .selectFrom('callers')
    .select('caller')
    .select(({ fn }) => [fn.sum('count').as('count'), fn.sum('limited').as('limited')])
    .where('hour', '>=', new Date(Math.floor(begin / lengths.hour) * lengths.hour).toISOString())
    .where('hour', '<', new Date(end).toISOString())
    .groupBy('caller')
    .orderBy('count', 'desc')
    .orderBy('caller')
    .limit(50)
    .execute()
  return rows.map(({ caller, count, limited }) => ({
    caller,
    count: Number(count),
    limited: Number(limited)
  }))
}
