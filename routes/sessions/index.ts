import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { currentSession } from '../../core/access/caller.ts'
import { CursorRefused } from '../../core/paging/cursor.ts'
import { listAllSessions } from '../../core/sessions/session-queries.ts'
import { AccountSessionFilter, AccountSessionPage } from '../../schemas/sessions.ts'
import { ref } from '../../schemas/types.ts'

const sessions: FastifyPluginAsyncTypebox = async (fastify) => {
  const { db } = fastify

  fastify.route({
    method: 'GET',
    url: '',
    config: { access: 'sessions:read', problems: [CursorRefused] },
    schema: {
      operationId: 'listSessions',
      summary: 'List who is signed in',
      description: "Everybody's live sessions, newest first.",
      tags: ['Accounts'],
      querystring: AccountSessionFilter,
      response: { 200: ref(AccountSessionPage, 'A page of sessions.') }
    },
    handler: async (request) => listAllSessions(db, request.query, currentSession(request))
  })
}
export default sessions
