import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { BeyondOwnPermissions } from '../../../../core/accounts/governance.ts'
import { getUser, lockGovernedUser, UserNotFound } from '../../../../core/accounts/users.ts'
import { recordAudit } from '../../../../core/audit/record.ts'
import { endSessions, listSessions, SessionNotFound } from '../../../../core/sessions/session-queries.ts'
import { write } from '../../../../core/database/transaction.ts'
import { currentSession } from '../../../../core/access/caller.ts'
import { CursorRefused } from '../../../../core/paging/cursor.ts'
import { SessionFilter, SessionPage, UserSessionParams } from '../../../../schemas/sessions.ts'
import { NoContent, ref } from '../../../../schemas/types.ts'
import { UserParams } from '../../../../schemas/users.ts'

const sessions: FastifyPluginAsyncTypebox = async (fastify) => {
  const { db } = fastify

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
      return listSessions(db, id, request.query, currentSession(request))
    }
  })

  fastify.route({
    method: 'DELETE',
    url: '',
    config: { access: 'sessions:write', session: true, problems: [UserNotFound, BeyondOwnPermissions] },
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
        await lockGovernedUser(tx, request, id)
        await endSessions(tx, id)
        const changes = { scope: 'all' }
        await recordAudit(tx, request, { action: 'session.end', target: `user:${id}`, changes })
      })
      return reply.code(204).send()
    }
  })

  fastify.route({
    method: 'DELETE',
    url: '/:session',
    config: {
      access: 'sessions:write',
      session: true,
      problems: [UserNotFound, SessionNotFound, BeyondOwnPermissions]
    },
    schema: {
      operationId: 'endUserSession',
      summary: 'End one session of an account',
      description: 'Its tokens are dead from the next request on.',
      tags: ['Accounts'],
      params: UserSessionParams,
      response: { 204: NoContent('The session has ended.') }
    },
    handler: async (request, reply) => {
      const { id, session } = request.params
      await write(db, async (tx) => {
        await lockGovernedUser(tx, request, id)
        if ((await endSessions(tx, id, { only: session })) === 0) throw new SessionNotFound()
        const changes = { user_id: id }
        await recordAudit(tx, request, { action: 'session.end', target: `session:${session}`, changes })
      })
      return reply.code(204).send()
    }
  })
}
export default sessions
