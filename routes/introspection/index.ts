import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { isInUtf8 } from '../../core/http/texts.ts'
import { UnsupportedMediaType } from '../../core/problems/kinds.ts'
import { describeToken } from '../../core/tokens/introspection.ts'
import { Introspection, IntrospectionRequest } from '../../schemas/introspection.ts'
import { ref } from '../../schemas/types.ts'

const form = 'application/x-www-form-urlencoded'

/** A form as an object; a name that came twice becomes a list, which no schema takes. Others than these are ignored (RFC 6749, section 3.2). */
const readForm = (text: string) => {
  const fields = new URLSearchParams(text)
  return Object.fromEntries(
    ['token', 'token_type_hint'].flatMap((name) => {
      const [value, ...more] = fields.getAll(name)
      return value === undefined ? [] : [[name, more.length > 0 ? [value, ...more] : value]]
    })
  ) as Record<string, unknown>
}

const introspection: FastifyPluginAsyncTypebox = async (fastify) => {
  // The one route that takes a form, and nothing else (RFC 7662, section 2.1).
  fastify.removeAllContentTypeParsers()
  fastify.addContentTypeParser<string>(form, { parseAs: 'string' }, (request, body, done) => {
    const { 'content-type': type = '', 'content-encoding': encoding } = request.headers
    if (encoding !== undefined || !isInUtf8(type)) done(new UnsupportedMediaType())
    else done(null, readForm(body))
  })

  fastify.route({
    method: 'POST',
    url: '',
    config: { access: 'tokens:introspect', whileReadOnly: true },
    schema: {
      operationId: 'introspectToken',
      summary: 'Ask whether a token or key counts',
      description:
        'For services that cannot verify an access token themselves, or want to know that it has not been withdrawn (RFC 7662). Active is what would be let in here now; a refresh token, which opens nothing, is not.',
      tags: ['Keys'],
      consumes: [form],
      body: ref(IntrospectionRequest),
      response: { 200: ref(Introspection, 'What is known of it.') }
    },
    handler: async (request) => describeToken(await fastify.auth.whoIs(request.body.token))
  })
}
export default introspection
