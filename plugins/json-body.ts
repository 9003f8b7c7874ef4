import fp from 'fastify-plugin'

/** Bodies are JSON and nothing else. An empty one counts as none, as clients send it with every POST. */
export default fp(
  async (fastify) => {
    const parse = fastify.getDefaultJsonParser('error', 'error')
    fastify.removeAllContentTypeParsers()
    fastify.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
      if (body === '') done(null, undefined)
      else void parse(request, String(body), done)
    })
  },
  { name: 'json-body' }
)
