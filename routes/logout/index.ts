import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { recordAudit } from '../../plugins/audit/record.ts'
import { endSessions } from '../../plugins/auth/session-queries.ts'
import { write } from '../../plugins/db/transaction.ts'
import { caller } from '../../plugins/rbac.ts'
import { NoContent, StringEnum } from '../../schemas/types.ts'

const Scope = Type.Object(
  {
    scope: Type.Optional(
      StringEnum(['session', 'others', 'all'], {
        default: 'session',
        description: 'Which sessions of the account end: this one, all others, or all.',
        examples: ['session']
      })
    )
  },
  { additionalProperties: false }
)

const logout: FastifyPluginAsyncTypebox = async (fastify) => {
  const { auth, db } = fastify

  fastify.route({
    method: 'POST',
    url: '',
    config: { access: 'authenticated' },
    schema: {
      operationId: 'logout',
      summary: 'Sign out',
      description: 'Ends sessions: their access and refresh tokens are dead from the next request on.',
      tags: ['Authentication'],
      querystring: Scope,
      response: { 204: NoContent('Signed out.') }
    },
    handler: async (request, reply) => {
      const { id, sessionId } = caller(request)
      const { scope = 'session' } = request.query
      const which = { session: { only: sessionId }, others: { except: sessionId }, all: {} }[scope]
      await write(db, async (tx) => {
        await endSessions(tx, id, which)
        const target = scope === 'session' ? `session:${sessionId}` : `user:${id}`
        await recordAudit(tx, request, { action: 'session.end', target, changes: { scope } })
      })
      auth.forget(
        (identity) =>
          identity.id === id &&
          (scope === 'all' || (identity.sessionId === sessionId) === (scope === 'session'))
      )
      return reply.code(204).send()
    }
  })
}
export default logout
