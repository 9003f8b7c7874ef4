import type { FastifyReply, FastifyRequest, RouteHandlerMethod, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'

/**
 * The steps of a request, in their order. Before them comes what libraries add for every request: traces. After them come
 * the route's own hooks, validation by its schema, its handler, and serialization.
 * A plugin adds its step under its name here; docs/request.md walks through them.
 */
const order = {
  /** Of every request: for a route of ours, for a page of a library, or for nobody. */
  always: ['headers', 'blocked', 'cors', 'overload', 'unknown'],
  /** Of a route, before its body is read: all that refuses does it here, and what is refused counts. */
  onRequest: ['identify', 'limits', 'guard', 'stepUp', 'readOnly'],
  /** Of a route, when its body has been read and before it is validated; a route that counts by session does it here. */
  preValidation: ['texts', 'optionalBody', 'presented', 'sessionLimits', 'parameters'],
  /** Around a route's handler: behind the guard and the validation. */
  handler: ['cache', 'idempotency']
} as const

type Always = (typeof order.always)[number]
type BeforeHandler = (typeof order.onRequest)[number] | (typeof order.preValidation)[number]
type AroundHandler = (typeof order.handler)[number]

/** Lets a request go on by `done()`, or refuses it by `done(error)` or by throwing. */
export type Hook = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void) => void

/** Looks at a route's policy when the server starts, and answers what is to run for each request; undefined is nothing. */
type ForRoute<T> = (route: RouteOptions) => T | undefined

declare module 'fastify' {
  interface FastifyInstance {
    pipeline: {
      /** Adds a step for every request. @throws when it is not in the list, or there already, as the two below */
      always(name: Always, hook: Hook): void
      /** Adds a step before the handlers of routes. @throws at a route whose policy makes no sense */
      before(name: BeforeHandler, forRoute: ForRoute<Hook>): void
      /** Adds a step around the handlers of routes. @throws at a route whose policy makes no sense */
      around(name: AroundHandler, forRoute: ForRoute<RouteHandlerMethod>): void
      /** Makes every route that is added from now on pass the steps. */
      start(): void
    }
  }
}

const inOrder = <Step>(names: readonly string[], steps: Map<string, Step>): Step[] =>
  names.flatMap((name) => steps.get(name) ?? [])

/** The one place where the order of a request's steps stands. */
export default fp(
  async (fastify) => {
    const always = new Map<string, Hook>()
    const before = new Map<string, ForRoute<Hook>>()
    const around = new Map<string, ForRoute<RouteHandlerMethod>>()
    let started = false

    /** Builds the function that adds a step to those that it may stand among. */
    const adder =
      <Step>(names: readonly string[], steps: Map<string, Step>) =>
      (name: string, step: Step) => {
        if (!names.includes(name))
          throw new Error(`${name} is no step of a request: there is ${names.join(', ')}`)
        if (steps.has(name)) throw new Error(`The step ${name} has been added already`)
        if (started) throw new Error(`The step ${name} comes too late: there are routes`)
        steps.set(name, step)
      }

    // Until then only pages of libraries are added: what is no part of the contract.
    fastify.addHook('onRoute', ({ method, url, schema }) => {
      if (started || schema?.hide) return
      throw new Error(`${String(method)} ${url} is added by a plugin: routes are added in routes/`)
    })

    const passSteps = (route: RouteOptions) => {
      // Arrays are replaced, never changed: a HEAD twin shares them.
      const hooks = (names: readonly string[]) =>
        inOrder(names, before).flatMap((forRoute) => forRoute(route) ?? [])
      route.onRequest = [hooks(order.onRequest), route.onRequest ?? []].flat()
      route.preValidation = [hooks(order.preValidation), route.preValidation ?? []].flat()
      for (const forRoute of inOrder(order.handler, around)) route.handler = forRoute(route) ?? route.handler
    }

    fastify.decorate('pipeline', {
      always: adder(order.always, always),
      before: adder([...order.onRequest, ...order.preValidation], before),
      around: adder(order.handler, around),
      start: () => {
        started = true
        fastify.addHook('onRoute', passSteps)
        for (const hook of inOrder(order.always, always)) fastify.addHook('onRequest', hook)
      }
    })
  },
  { name: 'pipeline' }
)
