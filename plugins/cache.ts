import caching from '@fastify/caching'
import type { FastifyReply, FastifyRequest, RouteHandlerMethod, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { computeAnswer } from '../core/cache/compute.ts'
import { keyOf } from '../core/cache/key.ts'
import { cacheFault, type CachePolicy } from '../core/cache/policy.ts'
import { RedisAnswers } from '../core/cache/redis-answers.ts'
import { sendAnswer } from '../core/cache/send.ts'
import { SingleFlight } from '../core/cache/single-flight.ts'
import { AnswerStore } from '../core/cache/store.ts'
import { addToContract } from '../core/contract/contract.ts'
import { cacheHeaders, cacheStatusHeader } from '../core/contract/headers.ts'
import type { Touched } from '../core/changes/touched.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    cache?: CachePolicy
  }
}

const mostBytes = 64 * 1024 * 1024

/**
 * What @fastify/caching would keep entity tags in. It matches a tag with any URL and before the guard, so that one
 * who may not read would be told 304: it gets none to match.
 */
const noTags = {
  get: (_key: unknown, done?: (error: unknown, value: null) => void): Promise<null> => {
    done?.(null, null)
    return Promise.resolve(null)
  },
  set: (_key: unknown, _value: unknown, _ttl: number, done?: (error: unknown, result: unknown) => void) =>
    done?.(null, null)
}

/** The tables of changed rows: an answer bears the tags of those that it is made of. */
const tablesOf = (touched: readonly Touched[]) => [...new Set(touched.map(({ table }) => table))]

/** The response cache. It wraps the handler, so it stands behind the guard and the validation. */
export default fp(
  async (fastify) => {
    const store = new AnswerStore(mostBytes)
    const flights = new SingleFlight()
    // Whatever says nothing of its own is not to be stored anywhere.
    await fastify.register(caching, { privacy: 'no-store', cache: noTags })

    const { changes, redis } = fastify
    const others = redis && new RedisAnswers(redis)
    changes.hear((touched) => {
      const tags = touched === 'all' ? touched : tablesOf(touched)
      flights.outdate(tags)
      store.purge(tags)
    })
    // Not by whoever hears of it: one that tells is enough.
    changes.hearOwn((touched) => others?.purge(touched === 'all' ? touched : tablesOf(touched)))
    // A purge by another instance is not heard while Redis is away: then nothing is taken from here.
    const mayKeep = () => redis === null || redis.up

    const cached = (route: RouteOptions, policy: CachePolicy): RouteHandlerMethod => {
      const { handler } = route
      const key = keyOf(route, policy.vary)
      return function cache(request: FastifyRequest, reply: FastifyReply) {
        const name = key(request)
        const kept = mayKeep() ? store.get(name) : undefined
        if (kept) {
          sendAnswer(request, reply, kept, policy, 'hit')
          return
        }
        const shared = flights.underWay(name)
        let found = false
        const answered = async () => {
          const { kept, versions } = (await others?.read(name, policy)) ?? {}
          found = kept !== undefined
          if (kept) return kept
          const answer = await computeAnswer(() => handler.call(this, request, reply), reply, policy)
          if (versions !== undefined) others?.write(name, answer, versions)
          return answer
        }
        const landing =
          shared ??
          flights.start(name, policy.tags, answered, (answer) => {
            const may = mayKeep()
            if (may) store.set(name, answer)
            return may
          })
        landing.then(
          ({ answer, stored }) => {
            const own = found ? 'hit' : stored ? 'fwd=miss; stored' : 'fwd=miss'
            sendAnswer(request, reply, answer, policy, shared ? 'fwd=miss; collapsed' : own)
          },
          (error: unknown) => reply.send(error)
        )
      }
    }

    fastify.pipeline.around('cache', (route) => {
      const policy = route.config?.cache
      if (!policy) return undefined
      const method = String(route.method)
      const fault = cacheFault(policy, { method, access: route.config?.access })
      if (fault !== undefined) throw new Error(`${method} ${route.url} ${fault}`)
      addToContract(route, {
        extension: { 'x-cache': policy },
        successHeaders: { ...cacheHeaders, ...cacheStatusHeader },
        notModified: true
      })
      return cached(route, policy)
    })
  },
  { name: 'cache', dependencies: ['changes', 'pipeline', 'redis'] }
)
