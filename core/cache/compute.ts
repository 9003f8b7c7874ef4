import type { FastifyReply } from 'fastify'
import { entityTag } from '../http/entity-tags.ts'
import type { CachePolicy } from './policy.ts'
import type { CachedAnswer } from './store.ts'

/** Runs a handler for the answer that is to be kept. @throws whatever the handler throws, which is kept by nobody */
export async function computeAnswer(
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
  const storedAt = performance.now()
  return { body, type, etag: entityTag(body), storedAt, expiresAt: storedAt + ttl * 1_000, tags }
}
