import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify'
import type { Identity } from '../core/sessions/identities.ts'
import type { TokenSession } from '../core/sessions/refresh-queries.ts'

interface Sent {
  headers?: Record<string, string>
  payload?: object | string
  /** Whether what a proxy says of the connection is believed. */
  trustProxy?: boolean
  /** Who is signed in. */
  user?: Identity
  /** Whose refresh token is presented. */
  session?: TokenSession | undefined
}

/** What comes of a request in the hands of `look`, which has it as a handler does, without the service around it. */
export async function ask<T>(
  { headers = {}, payload, trustProxy = false, user, session }: Sent,
  look: (request: FastifyRequest, reply: FastifyReply) => T | Promise<T>
) {
  const app = Fastify({ trustProxy })
  const seen: { value?: T; error?: unknown } = {}
  app.decorateRequest('user', null)
  app.decorateRequest('presentedSession', undefined)
  app.decorateRequest('credentialsFault', undefined)
  app.post('/', async (request, reply) => {
    request.user = user ?? null
    request.presentedSession = session
    try {
      seen.value = await look(request, reply)
    } catch (error) {
      seen.error = error
    }
    return reply.send()
  })
  const answer = await app.inject({
    method: 'POST',
    url: '/',
    headers,
    ...(payload !== undefined && { payload })
  })
  return { ...seen, headers: answer.headers }
}
