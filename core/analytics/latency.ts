/** What latencies are told apart by, in milliseconds: a twelfth bucket is all that is above the last but one. */
export const bounds = [0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1_000, 5_000, 10_000] as const

const last = bounds.length - 1

/** The bucket of a latency. */
export function bucketOf(milliseconds: number): number {
  let bucket = 0
  while (bucket < last && milliseconds > (bounds[bucket] ?? 0)) bucket++
  return bucket
}

/**
 * What a share of the requests took at most, in microseconds: by interpolation within its bucket. Undefined without
 * requests.
 */
export function percentile(buckets: readonly number[], share: number): number | undefined {
  const total = buckets.reduce((sum, count) => sum + count, 0)
  if (total === 0) return undefined
  let left = share * total
  for (const [bucket, count] of buckets.entries()) {
    if (count > 0 && left <= count) {
      const from = bounds[bucket - 1] ?? 0
      return Math.round((from + ((bounds[bucket] ?? from) - from) * (left / count)) * 1_000)
    }
    left -= count
  }
  return (bounds[last] ?? 0) * 1_000
}
