import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { auditActions, AuditPage, AuditTarget } from '../../schemas/audit.ts'
import { CursorRefused } from '../../schemas/cursor.ts'
import { listQuery } from '../../schemas/page.ts'
import { ref, StringEnum } from '../../schemas/types.ts'
import { listAudit } from './queries.ts'

const instant = (description: string) =>
  Type.Optional(
    Type.String({
      format: 'date-time',
      maxLength: 40,
      // No leap second and no year beyond four digits: what the database can compare.
      pattern: '^[12]\\d{3}-\\d\\d-\\d\\d[Tt]\\d\\d:\\d\\d:[0-5]\\d',
      description,
      examples: ['2026-01-31T09:30:00Z']
    })
  )

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
  action: Type.Optional(
    StringEnum(auditActions, { description: 'What was done.', examples: ['user.update'] })
  ),
  target: Type.Optional({ ...AuditTarget, description: 'What it was done to.' }),
  since: instant('Not before this instant.'),
  until: instant('Before this instant.')
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
      description: 'Newest first.',
      tags: ['Audit'],
      querystring: Filter,
      response: { 200: ref(AuditPage, 'A page of entries.') }
    },
    handler: async ({ query }) => listAudit(db, query)
  })
}
export default audit
