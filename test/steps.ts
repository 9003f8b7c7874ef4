import type { FastifyInstance, RouteOptions } from 'fastify'

const routeHooks = [
  'onRequest',
  'preParsing',
  'preValidation',
  'preHandler',
  'preSerialization',
  'onSend',
  'onResponse'
] as const

/** Any function, whatever it takes. */
type Named = (...args: never[]) => unknown

/**
 * Notes every hook and handler that runs, by its own name and in its order, whether of the instance or of a route. Call it before any
 * plugin is added; the answer is emptied by whoever has read it.
 */
export function recordSteps(app: FastifyInstance): string[] {
  const ran: string[] = []
  const recorders = new WeakSet<object>()

  /** The same function, as far as Fastify looks at it: its arity and whether it is async. */
  const recorded = <F extends Named>(stage: string, hook: F): F => {
    if (recorders.has(hook)) return hook
    const proxy = new Proxy(hook, {
      apply(target, self, args: unknown[]) {
        ran.push(`${stage} ${hook.name}`)
        return Reflect.apply(target, self, args) as unknown
      }
    })
    recorders.add(proxy)
    return proxy
  }

  const recordRoute = (route: RouteOptions) => {
    for (const stage of routeHooks) {
      const hooks = [route[stage] ?? []].flat()
      if (hooks.length > 0) Object.assign(route, { [stage]: hooks.map((hook) => recorded(stage, hook)) })
    }
    route.handler = recorded('handler', route.handler)
  }

  const addHook: Named = Reflect.get(app, 'addHook')
  Reflect.set(app, 'addHook', function (this: unknown, stage: string, hook: Named) {
    const isOfRequests = routeHooks.some((name) => name === stage)
    Reflect.apply(addHook, this, [stage, isOfRequests ? recorded(stage, hook) : hook])
    // After each that may have put something in, so that none is missed.
    if (stage === 'onRoute') Reflect.apply(addHook, this, [stage, recordRoute])
    return this
  })
  return ran
}
