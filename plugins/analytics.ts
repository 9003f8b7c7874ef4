import fp from 'fastify-plugin'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { forgetIdleCallers } from '../core/analytics/callers.ts'
import { writeSnapshot } from '../core/analytics/flush.ts'
import { measure } from '../core/analytics/gauges.ts'
import { Recorder } from '../core/analytics/recorder.ts'
import { type RouteName, routeName, unknownRoute } from '../core/analytics/routes.ts'
import { repeat } from '../core/time/repeat.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Counts what is answered; null with ANALYTICS=off. */
    analytics: Analytics | null
    /** By what requests are counted: the routes of this service, by pattern and method. */
    countedRoutes: () => RouteName[]
  }
}

interface Analytics extends Pick<Recorder, 'count' | 'event'> {
  /** Adds what was counted to what all processes have; it is done by itself every ten seconds. */
  flush(): Promise<void>
  /** Measures how much there is of what; it is done by itself every five minutes. */
  measure(): Promise<void>
}

/** How often what was counted is written, in milliseconds. */
const flushEvery = 10_000
/** No five minutes pass without a measurement, the jitter included. */
const measureEvery = 250_000

/** Counts how the service is used. In a request that is a few additions; all else is done beside them. */
export default fp(
  async (fastify) => {
    const { config, db, log } = fastify
    const recorder = new Recorder()
    const routes = new Map<string, RouteName>()
    fastify.addHook('onRoute', ({ method, url, schema }) => {
      for (const name of [method].flat().map((one) => routeName(url, one, schema)))
        routes.set(`${name.method} ${name.route}`, name)
    })
    fastify.decorate('countedRoutes', () => [...routes.values(), unknownRoute])
    if (config.ANALYTICS === 'off') {
      fastify.decorate('analytics', null)
      return
    }
    const flush = async () => {
      const now = Date.now()
      const snapshot = recorder.take(now)
      try {
        await writeSnapshot(db, snapshot, now)
      } catch (error) {
        recorder.giveBack(snapshot)
        throw error
      }
    }
    const delays = monitorEventLoopDelay({ resolution: 20 })
    delays.enable()
    const measureNow = async () => {
      const delay = delays.count > 0 ? delays.percentile(99) / 1_000 : 0
      delays.reset()
      await measure(db, config, delay, Date.now())
      await forgetIdleCallers(db, Date.now())
    }
    const orWarn = (work: () => Promise<void>, failed: string) => () =>
      work().catch((error: unknown) => log.warn({ err: error }, failed))
    const flushOrWarn = orWarn(flush, 'what was counted could not be written, and counts to the next time')

    const stops = [
      repeat(flushOrWarn, { first: flushEvery, every: flushEvery }),
      repeat(orWarn(measureNow, 'the gauges could not be read'), { first: flushEvery, every: measureEvery })
    ]
    fastify.addHook('onClose', async () => {
      for (const stop of stops) await stop()
      delays.disable()
      await flushOrWarn()
    })
    fastify.decorate('analytics', {
      count: (request, reply) => recorder.count(request, reply),
      event: (name, count) => recorder.event(name, count),
      flush,
      measure: measureNow
    })
  },
  { name: 'analytics', dependencies: ['config', 'db'] }
)
