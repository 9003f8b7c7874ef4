import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { recordAudit } from '../../core/audit/record.ts'
import { touch } from '../../core/changes/touched.ts'
import { write } from '../../core/database/transaction.ts'
import { NoContent } from '../../schemas/types.ts'

const Tag = Type.String({
  maxLength: 50,
  pattern: '^[a-z][a-z0-9-]*$',
  description: 'What the answers to drop are made of, as `x-cache` names it for each route.',
  examples: ['users']
})

const cache: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.route({
    method: 'DELETE',
    url: '',
    config: { access: 'cache:write', whileReadOnly: true },
    schema: {
      operationId: 'purgeCache',
      summary: 'Empty the response cache',
      description:
        'Drops every kept answer with this tag. Changes through this API do so themselves; this is for changes that were made past it.',
      tags: ['Operation'],
      querystring: Type.Object({ tag: Tag }, { additionalProperties: false }),
      response: { 204: NoContent('Dropped.') }
    },
    handler: async (request, reply) => {
      const { tag } = request.query
      await write(fastify.db, async (tx) => {
        touch(tx, tag, '*')
        await recordAudit(tx, request, { action: 'cache.purge', target: `cache:${tag}` })
      })
      return reply.code(204).send()
    }
  })
}
export default cache
