import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { holdCaller } from '../../../core/access/caller.ts'
import { BeyondOwnPermissions, requireOwn } from '../../../core/accounts/governance.ts'
import { membersOf, recordAudit } from '../../../core/audit/record.ts'
import { entityTagHeader } from '../../../core/contract/headers.ts'
import { write } from '../../../core/database/transaction.ts'
import { isNotModified } from '../../../core/http/conditional.ts'
import { allowMatch, PreconditionFailed } from '../../../core/http/preconditions.ts'
import { answerOnce } from '../../../core/idempotency/once.ts'
import { RoleBuiltIn, RoleInUse, RoleNotFound } from '../../../core/roles/problems.ts'
import { deleteRole, getRole, lockRole, roleTag, updateRole } from '../../../core/roles/roles.ts'
import { OptionalIfMatch } from '../../../schemas/preconditions.ts'
import { Role, RoleChanges, RoleName } from '../../../schemas/roles.ts'
import { NoContent, ref } from '../../../schemas/types.ts'

const RoleParams = Type.Object(
  { name: { ...RoleName, description: 'The name of the role.' } },
  { additionalProperties: false }
)

const role: FastifyPluginAsyncTypebox = async (fastify) => {
  const { db } = fastify

  fastify.route({
    method: 'GET',
    url: '',
    config: { access: 'roles:read', problems: [RoleNotFound] },
    schema: {
      operationId: 'getRole',
      summary: 'Read one role',
      description:
        'With its permissions and its budget of requests a minute. A change may name its ETag in If-Match.',
      tags: ['Roles'],
      params: RoleParams,
      response: { 200: ref(Role, 'The role.', entityTagHeader), 304: NoContent('Not modified.') }
    },
    handler: async ({ params, headers }, reply) => {
      const found = await getRole(db, params.name)
      const etag = roleTag(found)
      void reply.header('etag', etag)
      return isNotModified(headers['if-none-match'], etag) ? reply.code(304).send() : reply.send(found)
    }
  })

  fastify.route({
    method: 'PATCH',
    url: '',
    config: {
      access: 'roles:write',
      fresh: '10m',
      idempotent: true,
      problems: [PreconditionFailed, RoleNotFound, RoleBuiltIn, BeyondOwnPermissions]
    },
    schema: {
      operationId: 'updateRole',
      summary: 'Change a role',
      description:
        'It counts for every account of the role from the next request on. Of `admin` nothing can be changed but `requires_mfa`.',
      tags: ['Roles'],
      params: RoleParams,
      headers: OptionalIfMatch,
      body: ref(RoleChanges),
      response: { 200: ref(Role, 'The role as it is now.', entityTagHeader) }
    },
    handler: async (request, reply) => {
      const { body, params } = request
      const { name } = params
      const isOther = Object.keys(body).some((member) => member !== 'requires_mfa')
      if (name === 'admin' && isOther) throw new RoleBuiltIn(name)
      return answerOnce(db, request, reply, async (tx) => {
        const caller = await holdCaller(tx, request)
        const before = await lockRole(tx, name)
        requireOwn(caller, [...before.permissions, ...(body.permissions ?? [])])
        allowMatch(request, roleTag(before))
        const after = await updateRole(tx, name, body)
        const changes = membersOf(after, body)
        await recordAudit(tx, request, { action: 'role.update', target: `role:${name}`, changes, before })
        return { status: 200, headers: { etag: roleTag(after) }, body: after }
      })
    }
  })

  fastify.route({
    method: 'DELETE',
    url: '',
    config: {
      access: 'roles:write',
      fresh: '10m',
      problems: [PreconditionFailed, RoleNotFound, RoleBuiltIn, RoleInUse, BeyondOwnPermissions]
    },
    schema: {
      operationId: 'deleteRole',
      summary: 'Delete a role',
      description: 'Only a role that no account has.',
      tags: ['Roles'],
      params: RoleParams,
      headers: OptionalIfMatch,
      response: { 204: NoContent('Deleted.') }
    },
    handler: async (request, reply) => {
      const { name } = request.params
      if (name === 'admin' || name === 'user') throw new RoleBuiltIn(name)
      await write(db, async (tx) => {
        const caller = await holdCaller(tx, request)
        const before = await lockRole(tx, name)
        requireOwn(caller, before.permissions)
        allowMatch(request, roleTag(before))
        await deleteRole(tx, name)
        await recordAudit(tx, request, { action: 'role.delete', target: `role:${name}` })
      })
      return reply.code(204).send()
    }
  })
}
export default role
