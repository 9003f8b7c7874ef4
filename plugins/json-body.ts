import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { UnsupportedMediaType } from './errors/kinds.ts'
import { addToContract } from './openapi/contract.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether a request without a body counts as one with `{}`. */
    optionalBody?: boolean
  }
}

const fillIn = async (request: FastifyRequest) => {
  const sent: unknown = request.body
  if (sent === undefined) request.body = {}
}

/** Bodies are JSON and nothing else. An empty one counts as none, as clients send it with every POST. */
export default fp(
  async (fastify) => {
    const parse = fastify.getDefaultJsonParser('error', 'error')
    fastify.removeAllContentTypeParsers()
    fastify.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
      // Decoding would let a small body grow without bounds.
      if (request.headers['content-encoding'] !== undefined) done(new UnsupportedMediaType())
      else if (body === '') done(null, undefined)
      else void parse(request, String(body), done)
    })
    fastify.addHook('onRoute', (route) => {
      if (!route.config?.optionalBody) return
      route.preValidation = [fillIn, route.preValidation ?? []].flat()
      addToContract(route, { optionalBody: true })
    })
  },
  { name: 'json-body' }
)
