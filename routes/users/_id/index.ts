import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { SessionNeeded } from '../../../core/access/caller.ts'
import { ReauthenticationNeeded } from '../../../core/access/step-up.ts'
import {
  BeyondOwnPermissions,
  LastAdmin,
  requireAnAdmin,
  requireRoleToGive,
  RoleUnknown
} from '../../../core/accounts/governance.ts'
import { UsernameRefused } from '../../../core/accounts/usernames.ts'
import {
  deleteUser,
  getUser,
  lockGovernedUser,
  toUser,
  updateUser,
  UsernameTaken,
  UserNotFound,
  userTag
} from '../../../core/accounts/users.ts'
import { membersOf, recordAudit } from '../../../core/audit/record.ts'
import { endSessions } from '../../../core/sessions/session-queries.ts'
import { write } from '../../../core/database/transaction.ts'
import { answerOnce } from '../../../core/idempotency/once.ts'
import { isNotModified } from '../../../core/http/conditional.ts'
import { entityTagHeader } from '../../../core/contract/headers.ts'
import { PreconditionFailed, PreconditionRequired, requireMatch } from '../../../core/http/preconditions.ts'
import { IfMatch } from '../../../schemas/preconditions.ts'
import { NoContent, ref } from '../../../schemas/types.ts'
import { User, UserChanges, UserParams } from '../../../schemas/users.ts'

const conditional = [PreconditionRequired, PreconditionFailed]

const user: FastifyPluginAsyncTypebox = async (fastify) => {
  const { db } = fastify

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
      return isNotModified(headers['if-none-match'], etag)
        ? reply.code(304).send()
        : reply.send(toUser(found))
    }
  })

  fastify.route({
    method: 'PATCH',
    url: '',
    config: {
      access: 'users:write',
      idempotent: true,
      problems: [
        ...conditional,
        UserNotFound,
        RoleUnknown,
        BeyondOwnPermissions,
        ReauthenticationNeeded,
        SessionNeeded,
        UsernameRefused,
        UsernameTaken,
        LastAdmin
      ]
    },
    schema: {
      operationId: 'updateUser',
      summary: 'Change an account',
      description:
        'Disabling an account ends its sessions. Where its role, or the new one, has permissions, a sign-in of the last ten minutes is wanted.',
      tags: ['Accounts'],
      params: UserParams,
      headers: IfMatch,
      body: ref(UserChanges),
      response: { 200: ref(User, 'The account as it is now.', entityTagHeader) }
    },
    handler: async (request, reply) => {
      const { params, body } = request
      return answerOnce(db, request, reply, async (tx) => {
        const { user: before, caller } = await lockGovernedUser(tx, request, params.id)
        requireMatch(request, userTag(before))
        for (const role of new Set([before.role, body.role ?? before.role]))
          await requireRoleToGive(tx, caller, role)
        const after = await updateUser(tx, params.id, body)
        if (before.role === 'admin') await requireAnAdmin(tx)
        if (after.status === 'disabled') await endSessions(tx, params.id)
        const target = `user:${params.id}`
        const changes = membersOf(after, body)
        await recordAudit(tx, request, { action: 'user.update', target, changes, before })
        return { status: 200, headers: { etag: userTag(after) }, body: toUser(after) }
      })
    }
  })

  fastify.route({
    method: 'DELETE',
    url: '',
    config: {
      access: 'users:delete',
      fresh: '10m',
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
        const { user: before } = await lockGovernedUser(tx, request, params.id)
        requireMatch(request, userTag(before))
        await deleteUser(tx, params.id)
        if (before.role === 'admin') await requireAnAdmin(tx)
        const changes = { username: before.username }
        await recordAudit(tx, request, { action: 'user.delete', target: `user:${params.id}`, changes })
      })
      return reply.code(204).send()
    }
  })
}
export default user
