import type { FastifyRequest } from 'fastify'
import type { Identity } from '../sessions/identities.ts'
import { originOf } from '../network/origin.ts'
import type { Limit } from './limit.ts'

/** What a request is counted against. */
export interface Budget {
  key: string
  max: number
  /** What callers know it by: `default`, or the operation whose own it is. */
  name: string
  /** What tells those apart who have one each. */
  by: 'account' | 'address' | 'session' | 'key'
}

/** Names the budget that a request is counted against, or would be with this session's refresh token. */
export type BudgetOf = (request: FastifyRequest, session?: { sessionId: string }) => Budget

/** The routes of one limit. */
interface Limited {
  limit: Exclude<Limit, 'unlimited'>
  /** Tells budgets apart. */
  route: string
  /** What callers know the route by. */
  operation: string
}

/** A network is one caller: of IPv6, 64 bits. */
const addressKey = (request: FastifyRequest) => `address:${originOf(request).network}`

const callerKey = (request: FastifyRequest, user: Identity | null) =>
  user ? `account:${user.id}` : addressKey(request)

const callerKind = (user: Identity | null) => (user ? 'account' : 'address')

/** Builds the function that names a request's budget; `defaultMax` is asked for each request. */
export function budgetOf({ limit, route, operation }: Limited, defaultMax: () => number): BudgetOf {
  const byDefault: BudgetOf = (request) => ({
    key: `default:${callerKey(request, request.user)}`,
    max: defaultMax(),
    name: 'default',
    by: callerKind(request.user)
  })
  if (limit === 'default') return byDefault
  if (limit === 'role') {
    // Who is refused for lack of a role spends what is everybody's.
    return (request) =>
      request.user
        ? {
            key: `${route}:account:${request.user.id}`,
            max: request.user.requestsPerMinute,
            name: operation,
            by: 'account'
          }
        : byDefault(request)
  }
  if (limit === 'session') {
    return (request, session = request.presentedSession) => {
      const caller = session ? `session:${session.sessionId}` : callerKey(request, request.user)
      const by = session ? 'session' : callerKind(request.user)
      return { key: `${route}:${caller}`, max: defaultMax(), name: operation, by }
    }
  }
  const { perMinute: max, by } = limit
  return (request) => ({
    key: `${route}:${by === 'account' ? callerKey(request, request.user) : addressKey(request)}`,
    max,
    name: operation,
    by: by === 'account' ? callerKind(request.user) : by
  })
}

/** The budget that a key has of its own, beside those of its account; undefined for all who have none. */
export function keyBudgetOf({ user }: FastifyRequest): Budget | undefined {
  if (user?.via !== 'key' || user.keyRequestsPerMinute === null) return undefined
  return { key: `key:${user.keyId}`, max: user.keyRequestsPerMinute, name: 'key', by: 'key' }
}
