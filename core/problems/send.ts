import type { FastifyReply, FastifyRequest } from 'fastify'
import { linkTo } from '../config/public-url.ts'
import { problemType } from './define.ts'
import { problemBody, toRefusal } from './format.ts'

const codes = new WeakMap<FastifyReply, string>()

/** The code of the problem that an answer is, or undefined. */
export const problemCodeOf = (reply: FastifyReply): string | undefined => codes.get(reply)

/** Logs what went wrong inside; what the log cannot write down either, by what it throws instead. */
function logCause({ log }: FastifyRequest, cause: unknown, message: string) {
  try {
    log.error({ err: cause }, message)
  } catch (failure) {
    log.error({ err: String(failure) }, message)
  }
}

/** Answers whatever was thrown as problem details. A 5xx is logged with all that is known, and tells the caller nothing of it. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply) {
  const { status, headers, members, cause } = toRefusal(error, reply.statusCode, request.id)
  codes.set(reply, members.code)
  if (status >= 500) logCause(request, cause, members.detail)
  // A string of this type is sent as it is: no serializer runs.
  return reply
    .code(status)
    .headers(headers)
    .header('cache-control', 'no-store')
    .type(problemType)
    .send(problemBody({ ...members, type: linkTo(request.server.config, members.type) }))
}
