import underPressure from '@fastify/under-pressure'
import fp from 'fastify-plugin'
import { getHeapStatistics } from 'node:v8'
import { defineProblem } from '../schemas/problems.ts'
import { addToContract } from './openapi/contract.ts'
import { retryAfterHeader } from './openapi/headers.ts'

export const Overloaded = defineProblem('OVERLOADED', 503, 'Overloaded', {
  detail: 'The server has more to do than it can. Try again.',
  about: 'The server lags behind or runs out of memory, and takes no more until it has caught up.'
})

/** How often the delay is measured, in milliseconds. */
const sampleInterval = 1_000

/** A full heap is collected over and over, and then ends the process. */
const fullHeap = 0.9

/**
 * Refuses requests before the process drowns in them. What has no rate limit is answered still: it costs next to
 * nothing, and whoever watches over the process needs its health.
 */
export default fp(
  async (fastify) => {
    // Starting blocks the event loop: the measurements that it is part of are not those of an overload.
    let hasStarted = false
    fastify.addHook('onReady', async () => {
      setTimeout(() => (hasStarted = true), 2 * sampleInterval).unref()
    })
    await fastify.register(underPressure, {
      sampleInterval,
      maxEventLoopDelay: fastify.config.MAX_EVENT_LOOP_DELAY,
      maxHeapUsedBytes: fullHeap * getHeapStatistics().heap_size_limit,
      pressureHandler: ({ routeOptions }) => {
        if (hasStarted && routeOptions.config.limit !== 'unlimited')
          throw new Overloaded().with({ headers: { 'retry-after': '5' } })
      }
    })
    fastify.addHook('onRoute', (route) => {
      if (route.config?.limit === 'unlimited') return
      addToContract(route, { problems: [Overloaded], headersByStatus: { 503: retryAfterHeader } })
    })
  },
  // After headers, which every answer has; before auth, which may ask the database.
  { name: 'overload', dependencies: ['config', 'headers', 'errors'] }
)
