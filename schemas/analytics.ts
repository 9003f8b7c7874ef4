import { Type } from '@sinclair/typebox'
import { Id, Instant, Nullable, ref, StringEnum, Timestamp } from './types.ts'

/** What became of a request; `cached` is an answer that was kept, `limited` a 429, `auth` a 401 or 403. */
export const outcomes = ['ok', 'cached', 'client', 'auth', 'limited', 'error'] as const

/** What is counted by itself. */
export const eventNames = [
  'sign_in.ok',
  'sign_in.refused',
  'sign_in.throttled',
  'refresh.ok',
  'refresh.refused',
  'refresh.theft',
  'cache.hit',
  'cache.miss',
  'limited.default',
  'limited.role',
  'limited.session',
  'limited.route'
] as const

/** What is measured every five minutes. */
export const gaugeNames = [
  'accounts',
  'sessions',
  'database_bytes',
  'wal_bytes',
  'event_loop_p99_us'
] as const

/** How finely sums are kept: minutes for two days, hours and days for 400 days. */
export const grains = ['minute', 'hour', 'day'] as const

export type Outcome = (typeof outcomes)[number]
export type EventName = (typeof eventNames)[number]
export type Grain = (typeof grains)[number]

const amount = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, format: 'int64' })

const bucketColumns = {
  b1: amount,
  b2: amount,
  b3: amount,
  b4: amount,
  b5: amount,
  b6: amount,
  b7: amount,
  b8: amount,
  b9: amount,
  b10: amount,
  b11: amount,
  b12: amount
}

/** As stored: requests of a route that came to the same end. `*` is all routes together. */
export const TrafficRow = Type.Object({
  grain: Type.String(),
  route: Type.String(),
  method: Type.String(),
  outcome: Type.String(),
  at: Timestamp,
  count: amount,
  ms: amount,
  ...bucketColumns
})

/** As stored: how often something happened. */
export const EventRow = Type.Object({
  grain: Type.String(),
  event: Type.String(),
  at: Timestamp,
  count: amount
})

/** As stored: a measurement. */
export const GaugeRow = Type.Object({
  grain: Type.String(),
  name: Type.String(),
  at: Timestamp,
  value: amount
})

/** As stored: about how often one of the busiest has called in an hour, and was limited. */
export const CallerRow = Type.Object({
  hour: Timestamp,
  caller: Type.String(),
  count: amount,
  limited: amount
})

/** As stored: an account that was active on a day. */
export const ActiveRow = Type.Object({ day: Timestamp, user_id: Id })

/** Most points of an answer. */
export const mostPoints = 1_500

const at = Type.Array(Timestamp, {
  maxItems: mostPoints,
  description: 'When each point begins, in UTC.',
  examples: [['2026-01-31T09:30:00.000Z']]
})

const column = (description: string) =>
  Type.Array(Nullable({ ...amount }), {
    maxItems: mostPoints,
    description: `${description} Null where nothing is known.`,
    examples: [[12]]
  })

const grain = StringEnum(grains, { description: 'How long a point is.', examples: ['minute'] })

const columns = <Name extends string>(names: readonly Name[], what: string) =>
  Object.fromEntries(names.map((name) => [name, column(`${what} \`${name}\`.`)])) as Record<
    Name,
    ReturnType<typeof column>
  >

const closed = { additionalProperties: false }

const answer = <Series extends Record<string, ReturnType<typeof column>>>($id: string, series: Series) =>
  Type.Object({ grain, at, series: Type.Object(series, closed) }, { $id, ...closed })

export const TrafficSeries = answer('TrafficSeries', {
  ...columns(outcomes, 'Requests that ended'),
  mean_us: column('How long one took on average, in microseconds.'),
  p50_us: column('What half of them took at most, in microseconds.'),
  p95_us: column('What 95 of 100 took at most, in microseconds.'),
  p99_us: column('What 99 of 100 took at most, in microseconds.')
})

export const EventSeries = answer('EventSeries', columns(eventNames, 'How often there was'))
export const ActiveSeries = answer('ActiveSeries', {
  accounts: column('Accounts that were active on the day.')
})
export const GaugeSeries = answer('GaugeSeries', columns(gaugeNames, 'The measured'))

const Path = Type.String({ maxLength: 200, pattern: '^(unknown|[/*].*)$', examples: ['/users/:id'] })
const Method = Type.String({ maxLength: 20, pattern: '^([A-Z]+|\\*)$', examples: ['GET'] })

/** What a route has answered in a span of time. */
export const RouteTraffic = Type.Object(
  {
    route: { ...Path, description: 'Its pattern; `unknown` is every path where nothing is.' },
    method: Method,
    ...(Object.fromEntries(outcomes.map((outcome) => [outcome, { ...amount, examples: [12] }])) as Record<
      Outcome,
      typeof amount
    >),
    mean_us: { ...amount, description: 'How long one took on average, in microseconds.', examples: [800] },
    p95_us: { ...amount, description: 'What 95 of 100 took at most, in microseconds.', examples: [2_400] }
  },
  { $id: 'RouteTraffic', ...closed }
)

export const RouteTrafficList = Type.Object(
  { routes: Type.Array(ref(RouteTraffic), { maxItems: 1_000 }) },
  { $id: 'RouteTrafficList', ...closed }
)

/** One of the busiest callers. */
export const BusyCaller = Type.Object(
  {
    caller: Type.String({
      maxLength: 60,
      pattern: '^(account:[0-9]+|address:[0-9a-z:./]+)$',
      description: 'An account, or the network of whoever was not signed in.',
      examples: ['address:203.0.113.0/24']
    }),
    count: { ...amount, description: 'About how many requests; one in 16 is looked at.', examples: [1_600] },
    limited: { ...amount, description: 'How many of them were answered with 429.', examples: [0] }
  },
  { $id: 'BusyCaller', ...closed }
)

export const BusyCallerList = Type.Object(
  { callers: Type.Array(ref(BusyCaller), { maxItems: 50 }) },
  { $id: 'BusyCallerList', ...closed }
)

const span = {
  from: Type.Optional({
    ...Instant,
    description: 'Not before this instant; a day before the end when left out.'
  }),
  until: Type.Optional({ ...Instant, description: 'Before this instant; now when left out.' })
}

/** The query of totals. */
export const SpanQuery = Type.Object(span, closed)

const series = {
  ...span,
  grain: Type.Optional({
    ...grain,
    description: 'How long a point is; as fine as the span allows when left out.'
  })
}

/** The query of series. */
export const SeriesQuery = Type.Object(series, closed)

/** The query of the series of requests. */
export const TrafficQuery = Type.Object(
  {
    ...series,
    route: Type.Optional({ ...Path, description: 'This route alone, by its pattern.' }),
    method: Type.Optional({ ...Method, description: 'Of the route, this method alone; GET when left out.' })
  },
  closed
)
