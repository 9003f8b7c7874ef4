import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'

const message = 'This endpoint is rate-limited to 3 requests per minute.'
const tip = 'Try refreshing multiple times to see the rate limiting in action.'

const RateLimitedDemo = Type.Object(
  {
    message: Type.String({ maxLength: 100, pattern: '^.*$', examples: [message] }),
    tip: Type.String({ maxLength: 100, pattern: '^.*$', examples: [tip] })
  },
  {
    title: 'RateLimitedDemo',
    description: 'One of the three calls of this minute.',
    additionalProperties: false
  }
)

const rateLimited: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.route({
    method: 'GET',
    url: '',
    config: { access: 'public', limit: { perMinute: 3, by: 'address' } },
    schema: {
      operationId: 'getRateLimited',
      summary: 'Answer three times a minute',
      description: 'The fourth call of a minute from one address is refused with 429.',
      tags: ['Demonstrations'],
      response: { 200: RateLimitedDemo }
    },
    handler: () => ({ message, tip })
  })
}
export default rateLimited
