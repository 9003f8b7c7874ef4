import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { defineProblem } from '../../schemas/problems.ts'
import { addToContract } from '../openapi/contract.ts'
import { rateLimitHeaders, retryAfterHeader } from '../openapi/headers.ts'
import { type Budget, budgetOf, type Limit } from './budgets.ts'
import { countingStore } from './shared-store.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** How often a minute this route may be called; `'default'` when left out. */
    limit?: Limit
  }
  interface FastifyInstance {
    /** Counts a request that no route takes, against the caller's default budget. */
    countUnknown(request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void
  }
}

export const RateLimited = defineProblem('RATE_LIMITED', 429, 'Too many requests', {
  detail: 'Rate limit exceeded. Try again in %s seconds.',
  about: 'The budget of this minute is used up. `Retry-After` says how many seconds are left of it.',
  guide: { error: 'Too Many Requests' }
})

/** Callers counted at once; filling this takes more addresses in a minute than limits by address can stop anyway. */
const mostCallers = 200_000

/** Every budget is for a minute, in milliseconds. */
const window = 60_000

const refusal = (seconds: number) => {
  const error = new RateLimited(seconds)
  return error.with({
    members: { message: error.message },
    headers: { 'retry-after': String(seconds) }
  })
}

const isLimit = (limit: unknown): limit is Limit =>
  typeof limit === 'string'
    ? ['default', 'role', 'unlimited'].includes(limit)
    : typeof limit === 'object' &&
      limit !== null &&
      'perMinute' in limit &&
      Number.isInteger(limit.perMinute) &&
      'by' in limit &&
      (limit.by === 'account' || limit.by === 'address')

/** Counts every call before its body is read, also those that are refused for another reason. */
export default fp(
  async (fastify) => {
    const { RATE_LIMIT_DEFAULT } = fastify.config
    const store = countingStore(fastify.redis, mostCallers)

    const spend = (reply: FastifyReply, { key, max }: Budget, done: (error?: Error) => void) => {
      const counted = (error: Error | null, count: { current: number; ttl: number } | null) => {
        if (error || !count) {
          done(error ?? undefined)
          return
        }
        const seconds = Math.max(1, Math.ceil(count.ttl / 1_000))
        reply
          .header('ratelimit-limit', max)
          .header('ratelimit-remaining', Math.max(0, max - count.current))
          .header('ratelimit-reset', seconds)
        if (count.current <= max) done()
        else done(refusal(seconds))
      }
      // The store itself: the plugin around it makes a chain of promises for every request.
      store.incr(key, counted, window, max)
    }

    const unknownBudget = budgetOf('default', '', RATE_LIMIT_DEFAULT)
    fastify.decorate('countUnknown', (request, reply, done) => {
      fastify.auth.identify(request, reply, (error) => {
        if (error) done(error)
        else spend(reply, unknownBudget(request), done)
      })
    })

    fastify.addHook('onRoute', (route) => {
      const limit: unknown = route.config?.limit ?? 'default'
      const method = [route.method]
        .flat()
        .map((name) => (name === 'HEAD' ? 'GET' : name))
        .join()
      if (!isLimit(limit))
        throw new Error(`${method} ${route.url} declares an unknown limit: ${JSON.stringify(limit)}`)
      if (limit === 'unlimited') return
      const budget = budgetOf(limit, `${method} ${route.url}`, RATE_LIMIT_DEFAULT)
      route.onRequest = [
        route.onRequest ?? [],
        (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) =>
          spend(reply, budget(request), done)
      ].flat()
      addToContract(route, {
        extension: { 'x-rate-limit': describe(limit, RATE_LIMIT_DEFAULT) },
        headers: rateLimitHeaders,
        problems: [RateLimited],
        headersByStatus: { 429: retryAfterHeader }
      })
    })
  },
  { name: 'limits', dependencies: ['config', 'redis', 'auth', 'openapi', 'errors'] }
)

const describe = (limit: Exclude<Limit, 'unlimited'>, defaultMax: number) => {
  if (limit === 'default')
    return { requests: defaultMax, window: '1m', by: 'account or address', shared: true }
  if (limit === 'role')
    return { requests: 'requests_per_minute of the role', window: '1m', by: 'account', shared: false }
  return { requests: limit.perMinute, window: '1m', by: limit.by, shared: false }
}
