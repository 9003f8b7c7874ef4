import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { BeyondOwnPermissions, requireOwn } from '../../plugins/accounts/governance.ts'
import { recordAudit } from '../../plugins/audit/record.ts'
import { isUniqueViolation } from '../../plugins/db/failures.ts'
import { write } from '../../plugins/db/transaction.ts'
import { locationHeader } from '../../plugins/openapi/headers.ts'
import { caller } from '../../plugins/rbac.ts'
import { CursorRefused } from '../../schemas/cursor.ts'
import { listQuery } from '../../schemas/page.ts'
import { NewRole, Role, RolePage } from '../../schemas/roles.ts'
import { ref } from '../../schemas/types.ts'
import { RoleTaken } from './problems.ts'
import { insertRole, listRoles } from './queries.ts'

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
    config: { access: 'roles:write', problems: [BeyondOwnPermissions, RoleTaken] },
    schema: {
      operationId: 'createRole',
      summary: 'Create a role',
      description: 'With permissions that you have yourself.',
      tags: ['Roles'],
      body: ref(NewRole),
      response: { 201: ref(Role, 'The new role.', locationHeader) }
    },
    handler: async (request, reply) => {
      const { body } = request
      requireOwn(caller(request), body.permissions)
      await write(db, async (tx) => {
        await insertRole(tx, body)
        const { name, ...changes } = body
        await recordAudit(tx, request, { action: 'role.create', target: `role:${name}`, changes })
      }).catch((error: unknown) => {
        if (isUniqueViolation(error)) throw new RoleTaken(body.name)
        throw error
      })
      fastify.purge(['roles'])
      return reply
        .code(201)
        .header('location', `/roles/${body.name}`)
        .send({ ...body, permissions: [...body.permissions].sort() })
    }
  })
}
export default roles
