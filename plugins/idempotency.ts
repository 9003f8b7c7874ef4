import fp from 'fastify-plugin'
import { addToContract } from '../core/contract/contract.ts'
import { idempotencyKeyHeader, idempotencyReplayedHeader } from '../core/contract/headers.ts'
import { onDisk } from '../core/database/transaction.ts'
import {
  type IdempotencyKey,
  IdempotencyKeyMalformed,
  idempotencyKeyOf,
  readIdempotencyKey
} from '../core/idempotency/key.ts'
import { sendOnce } from '../core/idempotency/once.ts'
import { findAnswer, IdempotencyKeyReused } from '../core/idempotency/records.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /**
     * Whether a request with an Idempotency-Key is done once and answered as often as it comes. The handler answers by
     * answerOnce (core/idempotency/once.ts).
     */
    idempotent?: true
  }
  interface FastifyRequest {
    /** The Idempotency-Key of a request, on a route that takes one. */
    idempotencyKey: IdempotencyKey | undefined
  }
}

/** Answers a request that has been answered before, and gives all others to the handler with their key. */
export default fp(
  async (fastify) => {
    const { db } = fastify
    fastify.decorateRequest('idempotencyKey', undefined)
    fastify.pipeline.around('idempotency', (route) => {
      const declared: unknown = route.config?.idempotent
      if (declared === undefined) return undefined
      const method = String(route.method)
      if (declared !== true || !['POST', 'PATCH'].includes(method))
        throw new Error(`${method} ${route.url} cannot be idempotent: a POST or PATCH is, with true`)
      addToContract(route, {
        extension: { 'x-idempotent': true },
        requestHeaders: idempotencyKeyHeader,
        successHeaders: idempotencyReplayedHeader,
        problems: [IdempotencyKeyMalformed, IdempotencyKeyReused]
      })
      const { handler } = route
      return async function idempotency(request, reply) {
        const header = request.headers['idempotency-key']
        if (header === undefined) return handler.call(this, request, reply)
        const key = idempotencyKeyOf(request, readIdempotencyKey(header))
        request.idempotencyKey = key
        // Looked for once more in the transaction: this spares a replay what comes before that, such as hashing.
        const answer = await findAnswer(db, key)
        if (!answer) return handler.call(this, request, reply)
        await onDisk(db)
        return sendOnce(reply, answer, true)
      }
    })
  },
  { name: 'idempotency', dependencies: ['auth', 'db', 'pipeline'] }
)
