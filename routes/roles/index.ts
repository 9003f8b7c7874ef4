import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { BeyondOwnPermissions, requireOwn } from '../../core/accounts/governance.ts'
import { recordAudit } from '../../core/audit/record.ts'
import { answerOnce } from '../../core/idempotency/once.ts'
import { entityTagHeader, locationHeader } from '../../core/contract/headers.ts'
import { holdCaller } from '../../core/access/caller.ts'
import { CursorRefused } from '../../core/paging/cursor.ts'
import { listQuery } from '../../schemas/page.ts'
import { NewRole, Role, RolePage } from '../../schemas/roles.ts'
import { ref } from '../../schemas/types.ts'
import { RoleTaken } from '../../core/roles/problems.ts'
import { insertRole, listRoles, roleTag } from '../../core/roles/roles.ts'

const Filter = listQuery({
  q: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 50,
      pattern: '^[a-z0-9_-]+$',
      description: 'How the name begins.',
      examples: ['ad']
    })
  )
})

const roles: FastifyPluginAsyncTypebox = async (fastify) => {
  const { db } = fastify

  fastify.route({
    method: 'GET',
    url: '',
    config: {
      access: 'roles:read',
      cache: { ttl: 30, vary: 'role', tags: ['roles'] },
      problems: [CursorRefused]
    },
    schema: {
      operationId: 'listRoles',
      summary: 'List roles',
      description: 'By name.',
      tags: ['Roles'],
      querystring: Filter,
      response: { 200: ref(RolePage, 'A page of roles.') }
    },
    handler: async ({ query }) => listRoles(db, query)
  })

  fastify.route({
    method: 'POST',
    url: '',
    config: {
      access: 'roles:write',
      fresh: '10m',
      idempotent: true,
      problems: [BeyondOwnPermissions, RoleTaken]
    },
    schema: {
      operationId: 'createRole',
      summary: 'Create a role',
      description: 'With permissions that you have yourself.',
      tags: ['Roles'],
      body: ref(NewRole),
      response: { 201: ref(Role, 'The new role.', { ...entityTagHeader, ...locationHeader }) }
    },
    handler: async (request, reply) => {
      const { body } = request
      const { name, ...changes } = body
      return answerOnce(db, request, reply, async (tx) => {
        requireOwn(await holdCaller(tx, request), body.permissions)
        const role = await insertRole(tx, body)
        await recordAudit(tx, request, { action: 'role.create', target: `role:${name}`, changes })
        const headers = { location: `/roles/${name}`, etag: roleTag(role) }
        return { status: 201, headers, body: role }
      })
    }
  })
}
export default roles
