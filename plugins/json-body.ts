import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { isUtf8 } from 'node:buffer'
import { addToContract } from '../core/contract/contract.ts'
import { isInUtf8, notUtf8 } from '../core/http/texts.ts'
import { UnsupportedMediaType } from '../core/problems/kinds.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether a request without a body counts as one with `{}`. */
    optionalBody?: boolean
  }
}

function optionalBody(request: FastifyRequest, _reply: FastifyReply, done: () => void) {
  const sent: unknown = request.body
  if (sent === undefined) request.body = {}
  done()
}

/** Bodies are JSON in UTF-8 and nothing else (RFC 8259). An empty one counts as none, as clients send it with every POST. */
export default fp(
  async (fastify) => {
    const parse = fastify.getDefaultJsonParser('error', 'error')
    fastify.removeAllContentTypeParsers()
    fastify.addContentTypeParser<Buffer>('application/json', { parseAs: 'buffer' }, (request, body, done) => {
      const { 'content-type': type = '', 'content-encoding': encoding } = request.headers
      // Decoding would let a small body grow without bounds.
      if (encoding !== undefined || !isInUtf8(type)) done(new UnsupportedMediaType())
      else if (body.length === 0) done(null, undefined)
      // As text it would have U+FFFD for whatever it was.
      else if (!isUtf8(body)) done(notUtf8('/body'))
      else void parse(request, body.toString(), done)
    })
    fastify.pipeline.before('optionalBody', (route) => {
      if (!route.config?.optionalBody) return undefined
      addToContract(route, { optionalBody: true })
      return optionalBody
    })
  },
  { name: 'json-body', dependencies: ['pipeline'] }
)
