import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import {
  BeyondOwnPermissions,
  LastAdmin,
  requireAnAdmin,
  requireOwnRole,
  RoleUnknown
} from '../../../plugins/accounts/governance.ts'
import { UsernameRefused } from '../../../plugins/accounts/usernames.ts'
import {
  getUser,
  shown,
  translateRefusal,
  updateUser,
  UsernameTaken,
  UserNotFound,
  userTag
} from '../../../plugins/accounts/users.ts'
import { recordAudit } from '../../../plugins/audit/record.ts'
import { endSessions } from '../../../plugins/auth/session-queries.ts'
import { write } from '../../../plugins/db/transaction.ts'
import { isNotModified } from '../../../plugins/cache/conditional.ts'
import { entityTagHeader } from '../../../plugins/openapi/headers.ts'
import { PreconditionFailed, PreconditionRequired, requireMatch } from '../../../plugins/preconditions.ts'
import { caller } from '../../../plugins/rbac.ts'
import { NoContent, ref } from '../../../schemas/types.ts'
import { IfMatch, User, UserChanges, UserParams } from '../../../schemas/users.ts'

const conditional = [PreconditionRequired, PreconditionFailed]

const user: FastifyPluginAsyncTypebox = async (fastify) => {
  const { auth, db } = fastify

  fastify.route({
    method: 'GET',
    url: '',
    config: { access: 'users:read', problems: [UserNotFound] },
    schema: {
      operationId: 'getUser',
      summary: 'Read one account',
      description: 'Its ETag is what a change names in If-Match.',
      tags: ['Accounts'],
      params: UserParams,
      response: { 200: ref(User, 'The account.', entityTagHeader), 304: NoContent('Not modified.') }
    },
    handler: async ({ params, headers }, reply) => {
      const found = await getUser(db, params.id)
      const etag = userTag(found)
      void reply.header('etag', etag)
      return isNotModified(headers['if-none-match'], etag) ? reply.code(304).send() : reply.send(shown(found))
    }
  })

  fastify.route({
    method: 'PATCH',
    url: '',
    config: {
      access: 'users:write',
      problems: [
        ...conditional,
        UserNotFound,
        RoleUnknown,
        BeyondOwnPermissions,
        UsernameRefused,
        UsernameTaken,
        LastAdmin
      ]
    },
    schema: {
      operationId: 'updateUser',
      summary: 'Change an account',
      description: 'Disabling an account ends its sessions.',
      tags: ['Accounts'],
      params: UserParams,
      headers: IfMatch,
      body: ref(UserChanges),
      response: { 200: ref(User, 'The account as it is now.', entityTagHeader) }
    },
    handler: async (request, reply) => {
      const { params, body } = request
      const changed = await write(db, async (tx) => {
        const before = await getUser(tx, params.id)
        await requireOwnRole(tx, caller(request), before.role)
        requireMatch(request, userTag(before))
        if (body.role !== undefined) await requireOwnRole(tx, caller(request), body.role)
        const after = await updateUser(tx, params.id, body)
        if (before.role === 'admin') await requireAnAdmin(tx)
        if (after.status === 'disabled') await endSessions(tx, params.id)
        await recordAudit(tx, request, { action: 'user.update', target: `user:${params.id}`, changes: body })
        return after
      }).catch(translateRefusal)
      auth.forget(({ id }) => id === params.id)
      fastify.purge(['users'])
      return reply.header('etag', userTag(changed)).send(shown(changed))
    }
  })

  fastify.route({
    method: 'DELETE',
    url: '',
    config: {
      access: 'users:delete',
      problems: [...conditional, UserNotFound, BeyondOwnPermissions, LastAdmin]
    },
    schema: {
      operationId: 'deleteUser',
      summary: 'Delete an account',
      description: 'Its sessions end with it. Its id is never given out again.',
      tags: ['Accounts'],
      params: UserParams,
      headers: IfMatch,
      response: { 204: NoContent('Deleted.') }
    },
    handler: async (request, reply) => {
      const { params } = request
      await write(db, async (tx) => {
        const before = await getUser(tx, params.id)
        await requireOwnRole(tx, caller(request), before.role)
        requireMatch(request, userTag(before))
        await tx.deleteFrom('users').where('id', '=', params.id).execute()
        if (before.role === 'admin') await requireAnAdmin(tx)
        const changes = { username: before.username }
        await recordAudit(tx, request, { action: 'user.delete', target: `user:${params.id}`, changes })
      })
      auth.forget(({ id }) => id === params.id)
      fastify.purge(['users'])
      return reply.code(204).send()
    }
  })
}
export default user
