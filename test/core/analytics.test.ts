import { test } from 'tap'
import { Busiest } from '../../core/analytics/busiest.ts'
import { bounds, bucketOf, percentile } from '../../core/analytics/latency.ts'
import { coarse } from '../../core/analytics/network.ts'
import { pointsOf } from '../../core/analytics/series.ts'

test('the busiest are found whatever else comes, in bounded room, and nobody is given what others did', async (t) => {
  const busiest = new Busiest(8)
  for (let round = 0; round < 1_000; round++) {
    busiest.add('account:7', round % 2 === 0)
    // Ever new ones, as many as the true one's.
    busiest.add(`address:10.0.${round >> 8}.${round & 255}`, false)
  }
  const [first, ...others] = busiest.take(3)
  t.match(first, { key: 'account:7', count: 1_000, limited: 500 })
  t.ok(others.length <= 2)
  for (const { count } of others) t.equal(count, 1)
  t.same(busiest.take(3), [], 'and all is forgotten')
})

test('a latency has a bucket, and percentiles lie within theirs', async (t) => {
  t.same([0, 0.5, 0.51, 10, 9_999, 60_000].map(bucketOf), [0, 0, 1, 4, 11, 11])
  t.equal(percentile(Array<number>(12).fill(0), 0.5), undefined)
  const counts = bounds.map((_, bucket) => (bucket === 2 ? 90 : bucket === 6 ? 10 : 0))
  t.equal(percentile(counts, 0.9), 2_500)
  t.equal(percentile(counts, 0.45), 1_750)
  const p99 = percentile(counts, 0.99) ?? 0
  t.ok(p99 > 25_000 && p99 <= 50_000)
})

test('an address is cut to what tells no person from the neighbours', async (t) => {
  t.same(['203.0.113.77', '2001:db8:1:2:3:4:5:6', '2001:db8::7', '::1', '2001::5', 'unknown'].map(coarse), [
    '203.0.113.0/24',
    '2001:db8:1::/48',
    '2001:db8::/48',
    '::/48',
    '2001::/48',
    'unknown'
  ])
})

test('a span has points of its grain, in UTC, and not too many', async (t) => {
  const day = pointsOf({ from: '2026-01-31T09:30:30+01:00', until: '2026-01-31T09:33:00Z' })
  t.equal(day.grain, 'minute')
  t.equal(day.at[0], '2026-01-31T08:30:00.000Z')
  t.equal(day.at.length, 63)
  t.equal(pointsOf({ from: '2026-01-01T00:00:00Z', until: '2026-01-31T00:00:00Z' }).grain, 'hour')
  t.equal(pointsOf({ from: '2025-01-01T00:00:00Z', until: '2026-01-01T00:00:00Z' }).grain, 'day')
  const refused = [
    { from: '2026-01-01T00:00:00Z', until: '2026-01-31T00:00:00Z', grain: 'minute' as const },
    { from: '2026-01-31T00:00:00Z', until: '2026-01-31T00:00:00Z' },
    { from: '2000-01-01T00:00:00Z', until: '2026-01-01T00:00:00Z' }
  ]
  for (const query of refused) t.throws(() => pointsOf(query), { code: 'SPAN_REFUSED' })
})
