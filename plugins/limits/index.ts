import rateLimit from '@fastify/rate-limit'
import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { defineProblem } from '../../schemas/problems.ts'
import { addToContract } from '../openapi/contract.ts'
import { rateLimitHeaders, retryAfterHeader } from '../openapi/headers.ts'
import { type Budget, budgetOf, type Limit } from './budgets.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** How often a minute this route may be called; `'default'` when left out. */
    limit?: Limit
  }
  interface FastifyInstance {
    /** Counts a request that no route takes, against the caller's default budget. */
    countUnknown(request: FastifyRequest, reply: FastifyReply): Promise<void>
  }
  interface FastifyRequest {
    budget: Budget | undefined
  }
}

export const RateLimited = defineProblem('RATE_LIMITED', 429, 'Too many requests', {
  detail: 'Rate limit exceeded. Try again in %s seconds.',
  about: 'The budget of this minute is used up. `Retry-After` says how many seconds are left of it.',
  guide: { error: 'Too Many Requests' }
})

/** Callers counted at once; filling this takes more addresses in a minute than limits by address can stop anyway. */
const mostCallers = 200_000

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
    await fastify.register(rateLimit, {
      global: false,
      timeWindow: 60_000,
      cache: mostCallers,
      keyGenerator: (request) => request.budget?.key ?? '',
      max: (request) => request.budget?.max ?? 0
    })
    const count = fastify.createRateLimit()
    fastify.decorateRequest('budget', undefined)

    const spend = async (request: FastifyRequest, reply: FastifyReply, budget: Budget) => {
      request.budget = budget
      const verdict = await count(request)
      if (verdict.isAllowed) return
      const seconds = Math.max(1, verdict.ttlInSeconds)
      reply.headers({
        'ratelimit-limit': verdict.max,
        'ratelimit-remaining': verdict.remaining,
        'ratelimit-reset': seconds
      })
      if (!verdict.isExceeded) return
      const refusal = new RateLimited(seconds)
      throw refusal.with({
        members: { message: refusal.message },
        headers: { 'retry-after': String(seconds) }
      })
    }

    const unknownBudget = budgetOf('default', '', RATE_LIMIT_DEFAULT)
    fastify.decorate('countUnknown', async (request, reply) => {
      await new Promise<void>((resolve, reject) => {
        fastify.auth.identify(request, reply, (error) => (error ? reject(error) : resolve()))
      })
      await spend(request, reply, unknownBudget(request))
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
        (request: FastifyRequest, reply: FastifyReply) => spend(request, reply, budget(request))
      ].flat()
      addToContract(route, {
        extension: { 'x-rate-limit': describe(limit, RATE_LIMIT_DEFAULT) },
        headers: rateLimitHeaders,
        problems: [RateLimited],
        headersByStatus: { 429: retryAfterHeader }
      })
    })
  },
  { name: 'limits', dependencies: ['config', 'auth', 'openapi', 'errors'] }
)

const describe = (limit: Exclude<Limit, 'unlimited'>, defaultMax: number) => {
  if (limit === 'default')
    return { requests: defaultMax, window: '1m', by: 'account or address', shared: true }
  if (limit === 'role')
    return { requests: 'requests_per_minute of the role', window: '1m', by: 'account', shared: false }
  return { requests: limit.perMinute, window: '1m', by: limit.by, shared: false }
}
