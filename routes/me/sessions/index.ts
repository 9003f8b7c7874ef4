import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { recordAudit } from '../../../core/audit/record.ts'
import { endSessions, listSessions, SessionNotFound } from '../../../core/sessions/session-queries.ts'
import { write } from '../../../core/database/transaction.ts'
import { requireSession } from '../../../core/access/caller.ts'
import { CursorRefused } from '../../../core/paging/cursor.ts'
import { SessionFilter, SessionPage } from '../../../schemas/sessions.ts'
import { NoContent, ref, SessionId } from '../../../schemas/types.ts'

const sessions: FastifyPluginAsyncTypebox = async (fastify) => {
  const { db } = fastify

  fastify.route({
    method: 'GET',
    url: '',
    config: { access: 'authenticated', session: true, whileUnenrolled: true, problems: [CursorRefused] },
    schema: {
      operationId: 'listMySessions',
      summary: 'List your own sessions',
      description: 'Newest first.',
      tags: ['Me'],
      querystring: SessionFilter,
      response: { 200: ref(SessionPage, 'A page of sessions.') }
    },
    handler: async (request) => {
      const { id, sessionId } = requireSession(request)
      return listSessions(db, id, request.query, sessionId)
    }
  })

  fastify.route({
    method: 'DELETE',
    url: '/:id',
    config: { access: 'authenticated', session: true, whileUnenrolled: true, problems: [SessionNotFound] },
    schema: {
      operationId: 'endMySession',
      summary: 'End one of your own sessions',
      description: 'Its tokens are dead from the next request on.',
      tags: ['Me'],
      params: Type.Object(
        { id: { ...SessionId, description: 'The id of the session, as your list of sessions shows it.' } },
        { additionalProperties: false }
      ),
      response: { 204: NoContent('The session has ended.') }
    },
    handler: async (request, reply) => {
      const { id } = requireSession(request)
      const sessionId = request.params.id
      await write(db, async (tx) => {
        if ((await endSessions(tx, id, { only: sessionId })) === 0) throw new SessionNotFound()
        await recordAudit(tx, request, { action: 'session.end', target: `session:${sessionId}` })
      })
      return reply.code(204).send()
    }
  })
}
export default sessions
