import caching from '@fastify/caching'
import type { FastifyReply, FastifyRequest, RouteHandlerMethod } from 'fastify'
import fp from 'fastify-plugin'
import { createHash } from 'node:crypto'
import { addToContract } from '../openapi/contract.ts'
import { cacheHeaders, cacheStatusHeader } from '../openapi/headers.ts'
import { isNotModified } from './conditional.ts'
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

const entityTag = (body: string) => `"${createHash('sha1').update(body).digest('base64url')}"`

/** What tells answers of one route apart; a query that the route does not read does not count. */
const keyOf = (request: FastifyRequest, vary: CachePolicy['vary'], readsQuery: boolean) => {
  const place = readsQuery
    ? `${request.url.split('?', 1)[0] ?? ''} ${canonical(request.query)}`
    : request.url.split('?', 1)[0]
  if (vary === 'public') return `${place} public`
  const { user } = request
  if (!user) throw new Error(`${request.url} varies by ${vary} but is public`)
  return vary === 'role' ? `${place} role:${user.role}` : `${place} user:${user.id}`
}

const canonical = (query: unknown) =>
  JSON.stringify(Object.entries(query as Record<string, unknown>).sort(([a], [b]) => (a < b ? -1 : 1)))

/** The response cache. It wraps the handler, so it stands behind the guard and the validation. */
export default fp(
  async (fastify) => {
    const store = new AnswerStore(mostBytes)
    // Whatever says nothing of its own is not to be stored anywhere.
    await fastify.register(caching, { privacy: 'no-store' })
    const flights = new SingleFlight()

    fastify.decorate('purge', (tags) => {
      flights.outdate(tags)
      store.purge(tags)
    })

    const cached = (
      handler: RouteHandlerMethod,
      { ttl, vary, tags }: CachePolicy,
      readsQuery: boolean
    ): RouteHandlerMethod =>
      async function (request, reply) {
        const key = keyOf(request, vary, readsQuery)
        const kept = store.get(key)
        const answer =
          kept ??
          (await flights.run(
            key,
            tags,
            async () => {
              const value: unknown = await handler.call(this, request, reply)
              const body = reply.serialize(value)
              if (typeof body !== 'string') throw new Error(`${key} did not serialize to text`)
              const type = String(reply.getHeader('content-type') ?? 'application/json; charset=utf-8')
              const storedAt = Date.now()
              return { body, type, etag: entityTag(body), storedAt, expiresAt: storedAt + ttl * 1_000, tags }
            },
            (made) => store.set(key, made)
          ))
        return send(request, reply, answer, kept !== undefined, ttl, vary)
      }

    fastify.addHook('onRoute', (route) => {
      const policy = route.config?.cache
      if (!policy) return
      if (policy.vary !== 'public' && route.config?.access === 'public') {
        throw new Error(
          `${String(route.method)} ${route.url} is public: its cache cannot vary by ${policy.vary}`
        )
      }
      route.handler = cached(route.handler, policy, route.schema?.querystring !== undefined)
      addToContract(route, {
        extension: { 'x-cache': policy },
        successHeaders: { ...cacheHeaders, ...cacheStatusHeader },
        notModified: true
      })
    })
  },
  { name: 'cache', dependencies: ['rbac'] }
)

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  { body, type, etag, storedAt }: CachedAnswer,
  hit: boolean,
  ttl: number,
  vary: CachePolicy['vary']
) {
  const age = Math.max(0, Math.floor((Date.now() - storedAt) / 1_000))
  reply.headers({
    etag,
    age,
    // What is for some callers only may be kept by them, and asked for again each time: they may write to it.
    'cache-control': vary === 'public' ? `public, max-age=${ttl}` : 'private, no-cache',
    'cache-status': hit ? `Gatehouse; hit; ttl=${ttl - age}` : 'Gatehouse; fwd=miss; stored'
  })
  if (vary !== 'public') reply.header('vary', 'Authorization')
  if (isNotModified(request.headers['if-none-match'], etag)) return reply.code(304).send()
  return reply.type(type).send(body)
}
