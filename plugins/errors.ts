import fp from 'fastify-plugin'
import { addToContract } from '../core/contract/contract.ts'
import {
  BadRequest,
  InternalError,
  PayloadTooLarge,
  UnsupportedMediaType,
  ValidationFailed
} from '../core/problems/kinds.ts'
import { sendProblem } from '../core/problems/send.ts'

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
