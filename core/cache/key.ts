import type { FastifyRequest, RouteOptions } from 'fastify'
import type { CachePolicy } from './policy.ts'

const canonical = (query: unknown) =>
  JSON.stringify(Object.entries(query as Record<string, unknown>).sort(([a], [b]) => (a < b ? -1 : 1)))

/** Where an answer belongs: a query that the route does not read does not count, nor does the order of one that it reads. */
function placeOf({ url, schema }: RouteOptions): (request: FastifyRequest) => string {
  const path = /[:*]/.test(url) ? (request: FastifyRequest) => request.url.split('?', 1)[0] ?? url : () => url
  return schema?.querystring === undefined
    ? path
    : (request) => `${path(request)}?${canonical(request.query)}`
}

/** Builds the function that tells a route's answers apart, for those who must not share them too. */
export function keyOf(route: RouteOptions, vary: CachePolicy['vary']): (request: FastifyRequest) => string {
  const place = placeOf(route)
  if (vary === 'public') return place
  return (request) => {
    const { user } = request
    if (!user) throw new Error(`${route.url} varies by ${vary} but is public`)
    return vary === 'role' ? `${place(request)} role:${user.role}` : `${place(request)} user:${user.id}`
  }
}
