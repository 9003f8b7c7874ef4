import type { FastifyReply, FastifyRequest } from 'fastify'
import { type EventName, type Outcome, outcomes } from '../../schemas/analytics.ts'
import type { Limit } from '../limits/limit.ts'
import { originOf } from '../network/origin.ts'
import { signInEnding, signInRoutes } from '../sessions/sign-in-ending.ts'
import { Busiest } from './busiest.ts'
import { bounds, bucketOf } from './latency.ts'
import { coarse } from './network.ts'
import { type RouteName, routeName, unknownRoute } from './routes.ts'

/** Of one outcome: the count, the milliseconds of all together, and a count for each bucket. */
export const width = 2 + bounds.length

/** What a route is remembered by, and its sums: one after another those of each outcome. */
interface RouteSlots extends RouteName {
  sums: Float64Array
  isCached: boolean
  limit: EventName
  meaning: ((reply: FastifyReply) => EventName | undefined) | undefined
}

/** What is counted between two flushes. */
export interface Snapshot {
  routes: (RouteName & { sums: Float64Array })[]
  events: [EventName, number][]
  callers: { key: string; count: number; limited: number }[]
  actives: number[]
}

/** One request of so many is looked at for whose it is. */
const sample = 16
const mostCounters = 256
const mostCallers = 50
/** So many accounts are remembered as active today; then it begins anew, and the database knows better. */
const mostActives = 100_000

const outcomeIndex = Object.fromEntries(outcomes.map((outcome, index) => [outcome, index])) as Record<
  Outcome,
  number
>

function outcomeOf(status: number, hit: boolean): number {
  if (status < 400) return hit ? outcomeIndex.cached : outcomeIndex.ok
  if (status >= 500) return outcomeIndex.error
  if (status === 429) return outcomeIndex.limited
  return status === 401 || status === 403 ? outcomeIndex.auth : outcomeIndex.client
}

const refreshEndings: Partial<Record<number, EventName>> = { 200: 'refresh.ok', 401: 'refresh.refused' }

/** What an answer of some routes means. */
function meaningOf({ route, method }: RouteName): RouteSlots['meaning'] {
  if (method !== 'POST') return undefined
  if (route === '/refresh') return ({ statusCode }) => refreshEndings[statusCode]
  if (!signInRoutes.has(route)) return undefined
  return (reply) => {
    const ending = signInEnding(reply)
    return ending && `sign_in.${ending}`
  }
}

const limitEvent = (limit: Limit = 'default'): EventName =>
  limit === 'default' || limit === 'role' || limit === 'session' ? `limited.${limit}` : 'limited.route'

const slots = (name: RouteName, more: Partial<RouteSlots> = {}): RouteSlots => ({
  ...name,
  sums: new Float64Array(outcomes.length * width),
  isCached: false,
  limit: 'limited.default',
  meaning: undefined,
  ...more
})

/** Counts what has been answered: a few additions for a request, whatever comes. */
export class Recorder {
  readonly #byConfig = new WeakMap<object, RouteSlots>()
  readonly #byName = new Map<string, RouteSlots>()
  readonly #events = new Map<EventName, number>()
  readonly #busiest = new Busiest(mostCounters)
  readonly #active = new Set<number>()
  #newlyActive: number[] = []
  #day = 0
  #requests = 0

  readonly #unknown = this.#named(unknownRoute)

  /** Counts a request that has been answered. */
  count(request: FastifyRequest, reply: FastifyReply) {
    const of = this.#slotsOf(request)
    const status = reply.statusCode
    const hit = of.isCached && this.#countCache(reply)
    const elapsed = reply.elapsedTime
    const { sums } = of
    const at = outcomeOf(status, hit) * width
    sums[at] = (sums[at] ?? 0) + 1
    sums[at + 1] = (sums[at + 1] ?? 0) + elapsed
    const bucket = at + 2 + bucketOf(elapsed)
    sums[bucket] = (sums[bucket] ?? 0) + 1

    if (status === 429) this.event(of.limit)
    const meaning = of.meaning?.(reply)
    if (meaning !== undefined) this.event(meaning)
    const { user } = request
    if (user && !this.#active.has(user.id)) this.#noteActive(user.id)
    if (this.#requests++ % sample === 0)
      this.#busiest.add(
        user ? `account:${user.id}` : `address:${coarse(originOf(request).address)}`,
        status === 429
      )
  }

  /** Counts something that happened. */
  event(name: EventName, count = 1) {
    this.#events.set(name, (this.#events.get(name) ?? 0) + count)
  }

  #countCache(reply: FastifyReply): boolean {
    const status = reply.getHeader('cache-status')
    // Without one it was refused before the cache was asked.
    if (status === undefined) return false
    const hit = String(status).includes('; hit')
    this.event(hit ? 'cache.hit' : 'cache.miss')
    return hit
  }

  #noteActive(id: number) {
    if (this.#active.size >= mostActives) this.#active.clear()
    this.#active.add(id)
    this.#newlyActive.push(id)
  }

  #slotsOf(request: FastifyRequest): RouteSlots {
    const { config, schema, url } = request.routeOptions
    // What no route takes has no bound on its paths: it is one.
    if (url === undefined) return this.#unknown
    const known = this.#byConfig.get(config)
    if (known) return known
    const name = routeName(url, request.method, schema)
    const found = this.#named(name, {
      isCached: config.cache !== undefined,
      limit: limitEvent(config.limit),
      meaning: meaningOf(name)
    })
    this.#byConfig.set(config, found)
    return found
  }

  #named({ route, method }: RouteName, more?: Partial<RouteSlots>): RouteSlots {
    const name = `${method} ${route}`
    const known = this.#byName.get(name)
    if (known) return known
    const made = slots({ route, method }, more)
    this.#byName.set(name, made)
    return made
  }

  /** What was counted since the last time; begins anew. `now` is in milliseconds. */
  take(now: number): Snapshot {
    const routes: Snapshot['routes'] = []
    for (const { route, method, sums } of this.#byName.values()) {
      if (!sums.some(Boolean)) continue
      routes.push({ route, method, sums: sums.slice() })
      sums.fill(0)
    }
    const events = [...this.#events]
    this.#events.clear()
    const callers = this.#busiest.take(mostCallers)
    const actives = this.#newlyActive
    this.#newlyActive = []
    // Tomorrow all are active anew; what comes until the next flush is counted to either day.
    const day = Math.floor(now / 86_400_000)
    if (day !== this.#day) this.#active.clear()
    this.#day = day
    return {
      routes,
      events,
      callers: callers.map(({ key, count, limited }) => ({
        key,
        count: count * sample,
        limited: limited * sample
      })),
      actives
    }
  }

  /** Takes back what could not be written: it counts to the next flush, however long that takes, and needs no more room. */
  giveBack({ routes, events, actives }: Snapshot) {
    for (const { route, method, sums } of routes) {
      const into = this.#named({ route, method }).sums
      for (const [index, value] of sums.entries()) into[index] = (into[index] ?? 0) + value
    }
    for (const [name, count] of events) this.event(name, count)
    // Those who are active still are noted again.
    for (const id of actives) this.#active.delete(id)
  }
}
