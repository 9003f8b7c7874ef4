import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { BeyondOwnPermissions, requireOwn } from '../../../plugins/accounts/governance.ts'
import { recordAudit } from '../../../plugins/audit/record.ts'
import { isForeignKeyViolation } from '../../../plugins/db/failures.ts'
import { type Db, write } from '../../../plugins/db/transaction.ts'
import { caller } from '../../../plugins/rbac.ts'
import { Role, RoleChanges, RoleName } from '../../../schemas/roles.ts'
import { NoContent, ref } from '../../../schemas/types.ts'
import { RoleBuiltIn, RoleInUse, RoleNotFound } from '../problems.ts'
import { deleteRole, findRole, updateRole } from '../queries.ts'

const RoleParams = Type.Object({ name: RoleName }, { additionalProperties: false })

const getRole = async (db: Db, name: string) => {
  const found = await findRole(db, name)
  if (!found) throw new RoleNotFound(name)
  return found
}

const role: FastifyPluginAsyncTypebox = async (fastify) => {
  const { auth, db } = fastify

  fastify.route({
    method: 'GET',
    url: '',
    config: { access: 'roles:read', problems: [RoleNotFound] },
    schema: {
      operationId: 'getRole',
      summary: 'Read one role',
      description: 'With its permissions and its budget of requests a minute.',
      tags: ['Roles'],
      params: RoleParams,
      response: { 200: ref(Role, 'The role.') }
    },
    handler: async ({ params }) => getRole(db, params.name)
  })

  fastify.route({
    method: 'PATCH',
    url: '',
    config: { access: 'roles:write', problems: [RoleNotFound, RoleBuiltIn, BeyondOwnPermissions] },
    schema: {
      operationId: 'updateRole',
      summary: 'Change a role',
      description:
        'It counts for every account of the role from the next request on. `admin` cannot be changed.',
      tags: ['Roles'],
      params: RoleParams,
      body: ref(RoleChanges),
      response: { 200: ref(Role, 'The role as it is now.') }
    },
    handler: async (request) => {
      const { body, params } = request
      const changed = await write(db, async (tx) => {
        if (params.name === 'admin') throw new RoleBuiltIn(params.name)
        const before = await getRole(tx, params.name)
        requireOwn(caller(request), [...before.permissions, ...(body.permissions ?? [])])
        await updateRole(tx, params.name, body)
        await recordAudit(tx, request, {
          action: 'role.update',
          target: `role:${params.name}`,
          changes: body
        })
        return getRole(tx, params.name)
      })
      auth.forget((identity) => identity.role === params.name)
      fastify.purge(['roles'])
      return changed
    }
  })

  fastify.route({
    method: 'DELETE',
    url: '',
    config: { access: 'roles:write', problems: [RoleNotFound, RoleBuiltIn, RoleInUse, BeyondOwnPermissions] },
    schema: {
      operationId: 'deleteRole',
      summary: 'Delete a role',
      description: 'Only a role that no account has.',
      tags: ['Roles'],
      params: RoleParams,
      response: { 204: NoContent('Deleted.') }
    },
    handler: async (request, reply) => {
      const { name } = request.params
      if (name === 'admin' || name === 'user') throw new RoleBuiltIn(name)
      await write(db, async (tx) => {
        requireOwn(caller(request), (await getRole(tx, name)).permissions)
        await deleteRole(tx, name)
        await recordAudit(tx, request, { action: 'role.delete', target: `role:${name}` })
      }).catch((error: unknown) => {
        if (isForeignKeyViolation(error)) throw new RoleInUse(name)
        throw error
      })
      fastify.purge(['roles'])
      return reply.code(204).send()
    }
  })
}
export default role
