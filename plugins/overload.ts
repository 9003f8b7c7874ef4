import underPressure from '@fastify/under-pressure'
import fp from 'fastify-plugin'
import { getHeapStatistics } from 'node:v8'
import { addToContract } from '../core/contract/contract.ts'
import { retryAfterHeader } from '../core/contract/headers.ts'
import { Overloaded } from '../core/problems/kinds.ts'

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
    let isUnderPressure = () => false
    // In a context of its own the library measures, and refuses nothing itself: the pipeline says when that is due.
    await fastify.register(async (measuring) => {
      await measuring.register(underPressure, {
        sampleInterval,
        maxEventLoopDelay: fastify.config.MAX_EVENT_LOOP_DELAY,
        maxHeapUsedBytes: fullHeap * getHeapStatistics().heap_size_limit
      })
      isUnderPressure = () => measuring.isUnderPressure()
    })

    // Starting blocks the event loop: the measurements that it is part of are not those of an overload.
    let hasStarted = false
    fastify.addHook('onReady', async () => {
      setTimeout(() => (hasStarted = true), 2 * sampleInterval).unref()
    })
    fastify.pipeline.always('overload', function overload(request, _reply, done) {
      if (hasStarted && isUnderPressure() && request.routeOptions.config.limit !== 'unlimited')
        throw new Overloaded().with({ headers: { 'retry-after': '5' } })
      done()
    })
    fastify.addHook('onRoute', (route) => {
      if (route.config?.limit === 'unlimited') return
      addToContract(route, { problems: [Overloaded], headersByStatus: { 503: retryAfterHeader } })
    })
  },
  { name: 'overload', dependencies: ['config', 'pipeline'] }
)
