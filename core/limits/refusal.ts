import { defineProblem } from '../problems/define.ts'

export const RateLimited = defineProblem('RATE_LIMITED', 429, 'Too many requests', {
  detail: 'Rate limit exceeded. Try again in %s seconds.',
  about: 'The budget of this minute is used up. `Retry-After` says how many seconds are left of it.',
  guide: { error: 'Too Many Requests' }
})

/** The 429 for a caller whose budget is full again in so many seconds. */
export const rateLimited = (seconds: number) => {
  const error = new RateLimited(seconds)
  return error.with({
    members: { message: error.message },
    headers: { 'retry-after': String(seconds) }
  })
}
