import type { FastifyRequest } from 'fastify'
import type { Identity } from '../auth/identities.ts'
import { addressKey } from './addresses.ts'

/** How often a minute a route may be called. */
export type Limit =
  /** The budget that all routes without a limit of their own share, per account or else per address. */
  | 'default'
  /** The `requests_per_minute` of the caller's role, per account. */
  | 'role'
  /** Not counted at all. */
  | 'unlimited'
  /** So many calls a minute of this route, by each account (the address of whoever is signed out) or address. */
  | { perMinute: number; by: 'account' | 'address' }

/** What a request is counted against. */
export interface Budget {
  key: string
  max: number
}

const callerKey = (request: FastifyRequest, user: Identity | null) =>
  user ? `account:${user.id}` : addressKey(request.ip)

/** Builds the function that names a request's budget, for the routes of one limit; `route` tells budgets apart. */
export function budgetOf(limit: Exclude<Limit, 'unlimited'>, route: string, defaultMax: number) {
  const byDefault = (request: FastifyRequest): Budget => ({
    key: `default:${callerKey(request, request.user)}`,
    max: defaultMax
  })
  if (limit === 'default') return byDefault
  if (limit === 'role') {
    // Who is refused for lack of a role spends what is everybody's.
    return (request: FastifyRequest): Budget =>
      request.user
        ? { key: `${route}:account:${request.user.id}`, max: request.user.requestsPerMinute }
        : byDefault(request)
  }
  const { perMinute: max, by } = limit
  return (request: FastifyRequest): Budget => ({
    key: `${route}:${by === 'account' ? callerKey(request, request.user) : addressKey(request.ip)}`,
    max
  })
}
