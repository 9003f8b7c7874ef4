import { type Grain, grains, mostPoints } from '../../schemas/analytics.ts'
import { defineProblem } from '../problems/define.ts'
import { requireInstant } from '../time/instant.ts'
import { lengths } from './flush.ts'

export const SpanRefused = defineProblem('SPAN_REFUSED', 400, 'Too long a span', {
  detail: 'From %s to %s is no span of at most %s.',
  about:
    'A span ends after it has begun, and has 1,500 points at most: take a coarser `grain`, or a shorter span. Totals are of limited spans too.'
})

/** What a query asks for. */
export interface SpanQuery {
  from?: string
  until?: string
}

const defaultSpan = 86_400_000

const refused = (begin: number, end: number, longest: string) =>
  new SpanRefused(new Date(begin).toISOString(), new Date(end).toISOString(), longest)

/**
 * The instants of a span, in milliseconds since the epoch. @throws SpanRefused when it is longer than `longest` milliseconds,
 * or begins before computers counted time
 */
export function spanOf({ from, until }: SpanQuery, longest: number, inWords: string, now = Date.now()) {
  const end = until === undefined ? now : Date.parse(requireInstant(until))
  const begin = from === undefined ? end - Math.min(defaultSpan, longest) : Date.parse(requireInstant(from))
  if (begin < 0 || begin >= end || end - begin > longest) throw refused(begin, end, inWords)
  return { begin, end }
}

/** The points of a series. */
export interface Points {
  grain: Grain
  at: string[]
  /** The first, and the end of the last, as the database compares them. */
  from: string
  until: string
}

/** The points that a query asks for, as fine as there may be unless it says. @throws SpanRefused */
export function pointsOf({ grain: wanted, ...span }: SpanQuery & { grain?: Grain }): Points {
  const longest = mostPoints * lengths[wanted ?? 'day']
  const { begin, end } = spanOf(span, longest, `1500 points of a ${wanted ?? 'day'}`)
  const fits = (grain: Grain) =>
    Math.ceil(end / lengths[grain]) - Math.floor(begin / lengths[grain]) <= mostPoints
  const grain = wanted ?? grains.find(fits) ?? 'day'
  if (!fits(grain)) throw refused(begin, end, `1500 points of a ${grain}`)
  const step = lengths[grain]
  const at: string[] = []
  for (let point = Math.floor(begin / step) * step; point < end; point += step)
    at.push(new Date(point).toISOString())
  return { grain, at, from: at[0] ?? '', until: new Date(end).toISOString() }
}

/** What is known of each point; null of the others. */
export function column<Row extends { at: string }>(
  { at }: Points,
  rows: readonly Row[],
  value: (row: Row) => number
): (number | null)[] {
  const known = new Map(rows.map((row) => [row.at, value(row)]))
  return at.map((point) => known.get(point) ?? null)
}
