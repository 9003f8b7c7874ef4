import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { BeyondOwnPermissions, requireOwnRole } from '../../../../plugins/accounts/governance.ts'
import { getUser, UserNotFound } from '../../../../plugins/accounts/users.ts'
import { recordAudit } from '../../../../plugins/audit/record.ts'
import { endSessions, listSessions } from '../../../../plugins/auth/session-queries.ts'
import { write } from '../../../../plugins/db/transaction.ts'
import { caller } from '../../../../plugins/rbac.ts'
import { CursorRefused } from '../../../../schemas/cursor.ts'
import { SessionFilter, SessionPage } from '../../../../schemas/sessions.ts'
import { NoContent, ref } from '../../../../schemas/types.ts'
import { UserParams } from '../../../../schemas/users.ts'

const sessions: FastifyPluginAsyncTypebox = async (fastify) => {
  const { auth, db } = fastify

  fastify.route({
    method: 'GET',
    url: '',
    config: { access: 'users:read', problems: [CursorRefused, UserNotFound] },
    schema: {
      operationId: 'listUserSessions',
      summary: "List an account's sessions",
      description: 'Newest first.',
      tags: ['Accounts'],
      params: UserParams,
      querystring: SessionFilter,
      response: { 200: ref(SessionPage, 'A page of sessions.') }
    },
    handler: async (request) => {
      const { id } = await getUser(db, request.params.id)
      return listSessions(db, id, request.query, caller(request).sessionId)
    }
  })

  fastify.route({
    method: 'DELETE',
    url: '',
    config: { access: 'sessions:write', problems: [UserNotFound, BeyondOwnPermissions] },
    schema: {
      operationId: 'endUserSessions',
      summary: 'Sign an account out everywhere',
      description: 'All tokens of the account are dead from the next request on.',
      tags: ['Accounts'],
      params: UserParams,
      response: { 204: NoContent('Every session of the account has ended.') }
    },
    handler: async (request, reply) => {
      const { id } = request.params
      await write(db, async (tx) => {
        const user = await getUser(tx, id)
        await requireOwnRole(tx, caller(request), user.role)
        await endSessions(tx, id)
        const changes = { scope: 'all' }
        await recordAudit(tx, request, { action: 'session.end', target: `user:${id}`, changes })
      })
      auth.forget((identity) => identity.id === id)
      return reply.code(204).send()
    }
  })
}
export default sessions
