import type { FastifyReply, FastifyRequest } from 'fastify'
import type { CachePolicy } from './policy.ts'
import { isNotModified } from '../http/conditional.ts'
import type { CachedAnswer } from './store.ts'

/** How the cache came by an answer, in the words of RFC 9211. */
export type Source = 'hit' | 'fwd=miss; stored' | 'fwd=miss' | 'fwd=miss; collapsed'

/** Other members may be there already: what the answer depends on is the sum of what the plugins say. */
function addVary(reply: FastifyReply, name: string) {
  const before = reply.getHeader('vary')
  reply.header('vary', before === undefined ? name : `${String(before)}, ${name}`)
}

/** Sends a kept answer, or 304 to whoever has it already. */
export function sendAnswer(
  request: FastifyRequest,
  reply: FastifyReply,
  { body, type, etag, storedAt }: CachedAnswer,
  { ttl, vary }: CachePolicy,
  source: Source
) {
  reply.header('etag', etag)
  if (vary === 'public') {
    reply.header('cache-control', `public, max-age=${ttl}`)
  } else {
    // What is for some callers only may be kept by them, and asked for again each time: they may write to it.
    reply.header('cache-control', 'private, no-cache')
    addVary(reply, 'Authorization')
  }
  const age = Math.max(0, Math.floor((performance.now() - storedAt) / 1_000))
  reply
    .header('age', age)
    .header('cache-status', source === 'hit' ? `Gatehouse; hit; ttl=${ttl - age}` : `Gatehouse; ${source}`)
  if (isNotModified(request.headers['if-none-match'], etag)) return reply.code(304).send()
  return reply.type(type).send(body)
}
