import { SegmentedControl } from '@mantine/core'
import { useFilters } from './address.ts'
import { useNow } from './components/When.tsx'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour

/** Spans of time that are looked at, and how long a point of them is. */
const spans = {
  '1h': { label: '1 h', words: 'the last hour', length: hour, grain: 'minute' },
  '24h': { label: '24 h', words: 'the last 24 hours', length: day, grain: 'hour' },
  '7d': { label: '7 days', words: 'the last 7 days', length: 7 * day, grain: 'hour' },
  '30d': { label: '30 days', words: 'the last 30 days', length: 30 * day, grain: 'day' }
} as const

type SpanName = keyof typeof spans

/** The span in the address, as the API asks for it; it moves on with every minute. */
export function useSpan() {
  const { filters, setFilter } = useFilters('span')
  const name: SpanName = filters.span in spans ? (filters.span as SpanName) : '24h'
  const { words, length, grain } = spans[name]
  const until = Math.ceil(useNow() / minute) * minute
  const query = { from: new Date(until - length).toISOString(), until: new Date(until).toISOString() }
  const choice = (
    <SegmentedControl
      aria-label="Span"
      value={name}
      onChange={(next) => setFilter('span', next)}
      data={Object.entries(spans).map(([value, { label }]) => ({ value, label }))}
    />
  )
  return { name, words, grain, query, choice }
}

/** What is known of a column, summed up. */
export const sum = (values: (number | null)[] = []) =>
  values.reduce<number>((total, value) => total + (value ?? 0), 0)

/** The last of a column that is known. */
export const latest = (values: (number | null)[] = []) =>
  values.findLast((value) => value !== null) ?? undefined
