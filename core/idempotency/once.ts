import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Db, Tx } from '../database/database.ts'
import { write } from '../database/transaction.ts'
import { claimKey, keepAnswer, type KeptAnswer } from './records.ts'

/** What a change answers: a status of the contract, headers of its own, and a body unless there is none. */
export interface Answer {
  status: 200 | 201 | 202 | 204
  headers?: Record<string, string>
  body?: Record<string, unknown>
}

/** The answer as it leaves, by the serializer of the route: known before the change is committed. */
const render = (reply: FastifyReply, { status, headers = {}, body }: Answer): KeptAnswer => ({
  status,
  headers,
  body: body && String(reply.serializeInput(body, String(status)))
})

/** Sends an answer; `replayed` tells whether it was given before. */
export function sendOnce<Reply extends FastifyReply>(
  reply: Reply,
  { status, headers, body }: KeptAnswer,
  replayed: boolean
): Reply {
  void reply.code(status).headers(headers).header('idempotency-replayed', String(replayed))
  // A string of this type is sent as it is: no serializer runs.
  if (body === undefined) void reply.send()
  else void reply.type('application/json; charset=utf-8').send(body)
  return reply
}

/**
 * Runs `work` as write() does and sends what it answers, once for each Idempotency-Key: change, audit entry and answer are
 * committed together, so that a request which comes again, here or at another instance and whatever happened to the first
 * answer, is given that answer. A refusal is not kept. For handlers of routes with `idempotent: true`.
 * @throws IdempotencyKeyReused, and what write() and `work` throw
 */
export async function answerOnce<Reply extends FastifyReply>(
  db: Db,
  request: FastifyRequest,
  reply: Reply,
  work: (tx: Tx) => Promise<Answer>
): Promise<Reply> {
  const key = request.idempotencyKey
  if (!key) return sendOnce(reply, render(reply, await write(db, work)), false)
  const { answer, replayed } = await write(db, async (tx) => {
    const known = await claimKey(tx, key)
    if (known) return { answer: known, replayed: true }
    const made = render(reply, await work(tx))
    await keepAnswer(tx, key, made)
    return { answer: made, replayed: false }
  })
  return sendOnce(reply, answer, replayed)
}
