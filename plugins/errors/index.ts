import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { problemType } from '../../schemas/problems.ts'
import { addToContract } from '../openapi/contract.ts'
import { problemBody, toProblem } from './format.ts'
import {
  BadRequest,
  InternalError,
  PayloadTooLarge,
  UnsupportedMediaType,
  ValidationFailed
} from './kinds.ts'

/** Answers an error as problem details. A 5xx is logged with all that is known, and tells the caller nothing of it. */
export function sendProblem(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  const problem = toProblem(error)
  const { status } = problem.kind
  if (status >= 500) request.log.error({ err: problem.cause ?? error, reqId: request.id }, problem.message)
  // A string of this type is sent as it is: no serializer runs.
  return reply
    .code(status)
    .headers(problem.occurrence.headers ?? {})
    .header('cache-control', 'no-store')
    .type(problemType)
    .send(problemBody(problem, request.id))
}

/** Every error leaves as application/problem+json (RFC 9457). */
export default fp(
  async (fastify) => {
    fastify.setErrorHandler(sendProblem)
    fastify.addHook('onRoute', (route) => {
      const { body, querystring, params } = route.schema ?? {}
      // A DELETE may carry a body too, which is read and refused like any other.
      const takesBody = !['GET', 'HEAD'].includes(String(route.method))
      addToContract(route, {
        problems: [
          BadRequest,
          ...([body, querystring, params].some(Boolean) ? [ValidationFailed] : []),
          ...(takesBody ? [PayloadTooLarge, UnsupportedMediaType] : []),
          InternalError
        ]
      })
    })
  },
  { name: 'errors' }
)
