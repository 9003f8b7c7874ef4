import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { requireUser } from '../../../core/access/caller.ts'

const item = Type.Integer({ minimum: 0, maximum: 1_000_000, format: 'int32' })

const Data = Type.Object(
  {
    data: Type.Object(
      {
        sample: Type.String({ maxLength: 100, pattern: '^.*$', examples: ['data'] }),
        items: Type.Array(item, { maxItems: 100, examples: [[1, 2, 3, 4, 5]] })
      },
      { additionalProperties: false }
    ),
    rate_limit_info: Type.String({
      maxLength: 200,
      pattern: '^.*$',
      examples: ['Your role (user) determines your rate limit.']
    })
  },
  { title: 'Data', description: 'The sample data.', additionalProperties: false }
)

const data: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.route({
    method: 'GET',
    url: '',
    config: { access: 'authenticated', limit: 'role' },
    schema: {
      operationId: 'getData',
      summary: 'Read data as often as your role allows',
      description:
        'The budget of a minute is the requests_per_minute of your role; all your tokens share it.',
      tags: ['Demonstrations'],
      response: { 200: Data }
    },
    handler: (request) => ({
      data: { sample: 'data', items: [1, 2, 3, 4, 5] },
      rate_limit_info: `Your role (${requireUser(request).role}) determines your rate limit.`
    })
  })
}
export default data
