import type { FastifyReply } from 'fastify'
import type { Static } from '@sinclair/typebox'
import type { BudgetStanding } from '../../schemas/limits.ts'
import type { Budget } from './budgets.ts'
import type { Count } from './window-counter.ts'

/** How long a budget is for, in seconds. */
const window = 60

/** What is left of a budget, and in how many seconds it is full again. */
const leftOf = ({ max }: Budget, { current, ttl }: Count) => ({
  remaining: Math.max(0, max - current),
  seconds: Math.max(1, Math.ceil(ttl / 1_000))
})

/** What a caller is shown of a budget; one that nothing was spent of is full. */
export function standingOf(budget: Budget, count: Count | undefined): Static<typeof BudgetStanding> {
  const { name, by, max } = budget
  const { remaining, seconds } = count ? leftOf(budget, count) : { remaining: max, seconds: 0 }
  return { name, by, requests: max, window, remaining, reset: seconds }
}

/** A budget, and how often it has been counted. */
export interface Counted {
  budget: Budget
  count: Count
}

/** Seconds until a caller may go on, or undefined while there is something left of the budget. */
export const secondsBeyond = ({ budget, count }: Counted): number | undefined =>
  count.current > budget.max ? leftOf(budget, count).seconds : undefined

/**
 * Says in the headers of an answer how a budget stands, and the one of the key where there is one: in the three fields that
 * were always here, of whichever has less left, and in those of draft-ietf-httpapi-ratelimit-headers-11, sections 3 and 4,
 * whose names are structured strings (RFC 9651).
 */
export function showStanding(reply: FastifyReply, { budget, count }: Counted, key?: Counted) {
  const { max, name } = budget
  const left = leftOf(budget, count)
  const policy = `"${name}";q=${max};w=${window}`
  const standing = `"${name}";r=${left.remaining};t=${left.seconds}`
  if (!key) {
    setHeaders(reply, max, left, policy, standing)
    return
  }
  const ofKey = leftOf(key.budget, key.count)
  const [least, of] = ofKey.remaining < left.remaining ? [key.budget.max, ofKey] : [max, left]
  setHeaders(
    reply,
    least,
    of,
    `${policy}, "${key.budget.name}";q=${key.budget.max};w=${window}`,
    `${standing}, "${key.budget.name}";r=${ofKey.remaining};t=${ofKey.seconds}`
  )
}

const setHeaders = (
  reply: FastifyReply,
  max: number,
  { remaining, seconds }: ReturnType<typeof leftOf>,
  policy: string,
  standing: string
) =>
  reply
    .header('ratelimit-limit', max)
    .header('ratelimit-remaining', remaining)
    .header('ratelimit-reset', seconds)
    .header('ratelimit-policy', policy)
    .header('ratelimit', standing)

/** What the headers say to whoever has no budget at all. */
export const noBudget = {
  'ratelimit-limit': '0',
  'ratelimit-remaining': '0',
  'ratelimit-reset': String(window),
  'ratelimit-policy': `"blocked";q=0;w=${window}`,
  ratelimit: `"blocked";r=0;t=${window}`
}
