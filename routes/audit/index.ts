import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { AuditAction, AuditPage, AuditTarget } from '../../schemas/audit.ts'
import { CursorRefused } from '../../core/paging/cursor.ts'
import { listQuery } from '../../schemas/page.ts'
import { Id, Instant, ref } from '../../schemas/types.ts'
import { listAudit } from '../../core/audit/list.ts'

const Filter = listQuery({
  actor: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 50,
      pattern: '^[^\\u0000]*$',
      description: 'Who did it, by the username of that time.',
      examples: ['admin']
    })
  ),
  actor_id: Type.Optional({
    ...Id,
    description: 'Who did it, by the id of the account, which a rename keeps.'
  }),
  action: Type.Optional({ ...AuditAction, description: 'What was done.' }),
  target: Type.Optional({ ...AuditTarget, description: 'What it was done to.' }),
  since: Type.Optional({ ...Instant, description: 'Not before this instant (RFC 3339).' }),
  until: Type.Optional({ ...Instant, description: 'Before this instant (RFC 3339).' })
})

const audit: FastifyPluginAsyncTypebox = async (fastify) => {
  const { db } = fastify

  fastify.route({
    method: 'GET',
    url: '',
    config: { access: 'audit:read', problems: [CursorRefused] },
    schema: {
      operationId: 'listAudit',
      summary: 'Read the audit log',
      description:
        'Newest first. Refused sign-ins are counted: one entry stands for all of an account from one network within an hour, and its `count` grows.',
      tags: ['Audit'],
      querystring: Filter,
      response: { 200: ref(AuditPage, 'A page of entries.') }
    },
    handler: async ({ query }) => listAudit(db, query)
  })
}
export default audit
