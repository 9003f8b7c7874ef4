import type { FastifyError, FastifyReply, FastifyRequest, RouteOptions } from 'fastify'
import type { Static } from '@sinclair/typebox'
import fp from 'fastify-plugin'
import { mayAccess } from '../core/access/caller.ts'
import { addToContract } from '../core/contract/contract.ts'
import { rateLimitHeaders, retryAfterHeader } from '../core/contract/headers.ts'
import { type Budget, budgetOf, type BudgetOf, keyBudgetOf } from '../core/limits/budgets.ts'
import { callCounter } from '../core/limits/call-counter.ts'
import { describeLimit, isLimit, type Limit } from '../core/limits/limit.ts'
import { RateLimited, rateLimited } from '../core/limits/refusal.ts'
import { type Counted, secondsBeyond, showStanding, standingOf } from '../core/limits/standing.ts'
import type { Access } from '../schemas/access.ts'
import type { BudgetStanding } from '../schemas/limits.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** How often a minute this route may be called; `'default'` when left out. */
    limit?: Limit
  }
  interface FastifyInstance {
    /** Counts a request that no route takes, against the caller's default budget. */
    countUnknown(request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void
    limits: {
      /** How the budgets stand that a request's caller has, the shared one first; nothing is spent. */
      standing(request: FastifyRequest): Promise<Static<typeof BudgetStanding>[]>
    }
  }
}

/** A route in a message, and in the keys of its budgets. */
const nameOf = ({ method, url }: RouteOptions) =>
  `${[method]
    .flat()
    .map((name) => (name === 'HEAD' ? 'GET' : name))
    .join()} ${url}`

/** What callers know a route by. */
const operationOf = (route: RouteOptions) => route.schema?.operationId ?? nameOf(route)

/** What a structured string can hold without escapes (RFC 9651, section 3.3.3). */
const isPlain = (name: string) => /^[ !#-[\]-~]+$/.test(name)

const isRefusal = ({ statusCode = 500 }: FastifyError) => statusCode < 500

/** Callers counted at once; filling this takes more addresses in a minute than limits by address can stop anyway. */
const mostCallers = 200_000

/**
 * Counts every call, also those that are refused for another reason: before its body is read, or by session, whose token
 * may be in the body, when that has been read.
 */
export default fp(
  async (fastify) => {
    const { settings } = fastify
    const defaultMax = () => settings.inForce.rate_limit_default
    const counter = callCounter(fastify.redis, mostCallers)

    const spend = (
      request: FastifyRequest,
      reply: FastifyReply,
      budget: Budget,
      done: (error?: Error) => void
    ) => {
      const settle = (spent: Counted, ofKey?: Counted) => {
        showStanding(reply, spent, ofKey)
        const seconds = Math.max(secondsBeyond(spent) ?? 0, (ofKey && secondsBeyond(ofKey)) ?? 0)
        if (seconds === 0) done()
        else done(rateLimited(seconds))
      }
      const own = keyBudgetOf(request)
      counter.count(budget.key, (count) => {
        if (!own) settle({ budget, count })
        else counter.count(own.key, (second) => settle({ budget, count }, { budget: own, count: second }))
      })
    }

    const shared = { limit: 'default', route: '', operation: 'default' } as const
    const own = new Map<string, { access: Access; budget: BudgetOf }>()
    const unknownBudget = budgetOf(shared, defaultMax)
    fastify.decorate('countUnknown', (request, reply, done) => {
      fastify.auth.identify(request, reply, (error) => {
        if (error) done(error)
        else spend(request, reply, unknownBudget(request), done)
      })
    })

    fastify.decorate('limits', {
      standing: async (request) => {
        const { user } = request
        const allowed = [...own.values()].filter(({ access }) => user && mayAccess(user, access))
        const session = user?.via === 'session' ? user : undefined
        const ofKey = keyBudgetOf(request)
        const budgets = [
          unknownBudget(request),
          ...(ofKey ? [ofKey] : []),
          ...allowed.map(({ budget }) => budget(request, session))
        ]
        const counts = await counter.read(budgets.map(({ key }) => key))
        return budgets.map((budget, index) => standingOf(budget, counts[index]))
      }
    })

    const budgetFor = (limit: Exclude<Limit, 'unlimited'>, route: RouteOptions) => {
      const operation = operationOf(route)
      if (!isPlain(operation)) throw new Error(`${nameOf(route)} has a name that no header can hold`)
      return budgetOf({ limit, route: nameOf(route), operation }, defaultMax)
    }

    fastify.pipeline.before('limits', (route) => {
      const declared: unknown = route.config?.limit ?? 'default'
      if (!isLimit(declared))
        throw new Error(`${nameOf(route)} declares an unknown limit: ${JSON.stringify(declared)}`)
      if (declared === 'unlimited') return undefined
      const budget = budgetFor(declared, route)
      if (declared !== 'default')
        own.set(nameOf(route), { access: route.config?.access ?? 'authenticated', budget })
      addToContract(route, {
        extension: { 'x-rate-limit': describeLimit(declared, defaultMax()) },
        headers: rateLimitHeaders,
        problems: [RateLimited],
        headersByStatus: { 429: retryAfterHeader }
      })
      if (declared === 'session') return undefined
      return function limits(request, reply, done) {
        spend(request, reply, budget(request), done)
      }
    })

    fastify.pipeline.before('sessionLimits', (route) => {
      if (route.config?.limit !== 'session') return undefined
      const budget = budgetFor('session', route)
      // A body that cannot be read names no session, and ends the request before the step below. It counts all the same.
      route.errorHandler = (error, request, reply) => {
        if (reply.hasHeader('ratelimit-limit') || !isRefusal(error)) throw error
        spend(request, reply, budget(request), (refusal) => void reply.send(refusal ?? error))
      }
      return function sessionLimits(request, reply, done) {
        spend(request, reply, budget(request), done)
      }
    })
  },
  { name: 'limits', dependencies: ['auth', 'pipeline', 'presented', 'redis', 'settings'] }
)
