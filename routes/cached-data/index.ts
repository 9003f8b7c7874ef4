import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { Timestamp } from '../../schemas/types.ts'
import { countAccounts } from '../../core/accounts/count.ts'

const text = 'This response is cached for 60 seconds'

const CachedData = Type.Object(
  {
    data: Type.String({ maxLength: 100, pattern: '^.*$', examples: [text] }),
    generated_at: Timestamp,
    accounts: Type.Integer({
      minimum: 0,
      maximum: 2_147_483_647,
      format: 'int32',
      description: 'How many active accounts there were then.',
      examples: [2]
    })
  },
  { title: 'CachedData', description: 'The same for everybody, for 60 seconds.', additionalProperties: false }
)

const cachedData: FastifyPluginAsyncTypebox = async (fastify) => {
  const { db } = fastify

  fastify.route({
    method: 'GET',
    url: '',
    // No tags: what is public for 60 seconds may be kept by any cache on the way, which no purge reaches.
    config: { access: 'public', cache: { ttl: 60, vary: 'public', tags: [] } },
    schema: {
      operationId: 'getCachedData',
      summary: 'Read what is computed once a minute',
      description: 'Everybody gets the same answer for 60 seconds; its ETag saves sending it again.',
      tags: ['Demonstrations'],
      response: { 200: CachedData }
    },
    handler: async () => ({
      data: text,
      generated_at: new Date().toISOString(),
      accounts: await countAccounts(db)
    })
  })
}
export default cachedData
