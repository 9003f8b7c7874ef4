import caching from '@fastify/caching'
import type { FastifyReply, FastifyRequest, RouteHandlerMethod, RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { createHash } from 'node:crypto'
import { addToContract } from '../openapi/contract.ts'
import { cacheHeaders, cacheStatusHeader } from '../openapi/headers.ts'
import { sendAnswer } from './answer.ts'
import { keyOf } from './key.ts'
import { SharedAnswers } from './shared.ts'
import { SingleFlight } from './single-flight.ts'
import { AnswerStore, type CachedAnswer } from './store.ts'

/** How a route's answers are kept. */
export interface CachePolicy {
  /** Lifetime in seconds. */
  ttl: number
  /** Who may share one answer: everybody, the callers of a role, or nobody but the same user. */
  vary: 'public' | 'role' | 'user'
  /** What the answer is made of: a write to one of these purges it. */
  tags: readonly string[]
}

declare module 'fastify' {
  interface FastifyContextConfig {
    cache?: CachePolicy
  }
  interface FastifyInstance {
    /** Drops what bears one of these tags. Call it when a write has committed, before answering. */
    purge(tags: readonly string[]): void
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

const entityTag = (body: string) => `"${createHash('sha1').update(body).digest('base64url')}"`

/** Runs a handler for the answer that is to be kept. @throws whatever the handler throws, which is kept by nobody */
async function compute(
  run: () => unknown,
  reply: FastifyReply,
  { ttl, tags }: CachePolicy
): Promise<CachedAnswer> {
  const value = await run()
  const body = reply.sent ? undefined : reply.serialize(value)
  if (typeof body !== 'string' || reply.statusCode !== 200) {
    throw new Error('The handler of a cached route returns its value, for status 200')
  }
  const type = String(reply.getHeader('content-type') ?? 'application/json; charset=utf-8')
  const storedAt = Date.now()
  return { body, type, etag: entityTag(body), storedAt, expiresAt: storedAt + ttl * 1_000, tags }
}

/** The response cache. It wraps the handler, so it stands behind the guard and the validation. */
export default fp(
  async (fastify) => {
    const store = new AnswerStore(mostBytes)
    const flights = new SingleFlight()
    // Whatever says nothing of its own is not to be stored anywhere.
    await fastify.register(caching, { privacy: 'no-store', cache: noTags })

    const { redis, siblings } = fastify
    const others = redis && new SharedAnswers(redis)
    const purgeHere = (tags: readonly string[]) => {
      flights.outdate(tags)
      store.purge(tags)
    }
    fastify.decorate('purge', (tags) => {
      purgeHere(tags)
      others?.purge(tags)
      siblings.purge(tags)
    })
    siblings.onPurge(purgeHere)
    redis?.hear(({ purge }) => {
      if (purge?.includes('*')) {
        flights.outdateAll()
        store.clear()
      } else if (purge) purgeHere(purge)
    })
    // Not by whoever hears of it: one that tells is enough.
    redis?.onReturn(() => others?.purgeAll())
    // A purge by another instance is not heard while Redis is away: then nothing is taken from here.
    const mayKeep = () => redis === null || redis.up

    const cached = (route: RouteOptions, policy: CachePolicy): RouteHandlerMethod => {
      const { handler } = route
      const key = keyOf(route, policy.vary)
      return function (request: FastifyRequest, reply: FastifyReply) {
        const name = key(request)
        const kept = mayKeep() ? store.get(name) : undefined
        if (kept) {
          sendAnswer(request, reply, kept, policy, 'hit')
          return
        }
        const shared = flights.underWay(name)
        let found = false
        const answered = async () => {
          const { kept, versions } = (await others?.read(name, policy.tags)) ?? {}
          found = kept !== undefined
          if (kept) return kept
          const answer = await compute(() => handler.call(this, request, reply), reply, policy)
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

    fastify.addHook('onRoute', (route) => {
      const policy = route.config?.cache
      if (!policy) return
      const name = `${String(route.method)} ${route.url}`
      if (policy.vary !== 'public' && route.config?.access === 'public') {
        throw new Error(`${name} is public: its cache cannot vary by ${policy.vary}`)
      }
      route.handler = cached(route, policy)
      addToContract(route, {
        extension: { 'x-cache': policy },
        successHeaders: { ...cacheHeaders, ...cacheStatusHeader },
        notModified: true
      })
    })
  },
  { name: 'cache', dependencies: ['redis', 'siblings', 'rbac'] }
)
