import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { endSession } from '../../plugins/auth/sessions.ts'
import { write } from '../../plugins/db/transaction.ts'
import { caller } from '../../plugins/rbac.ts'
import { NoContent } from '../../schemas/types.ts'

const logout: FastifyPluginAsyncTypebox = async (fastify) => {
  const { auth, db } = fastify

  fastify.route({
    method: 'POST',
    url: '',
    config: { access: 'authenticated' },
    schema: {
      operationId: 'logout',
      summary: 'Sign out',
      description: 'Ends the session: its access and refresh tokens are dead from the next request on.',
      tags: ['Authentication'],
      response: { 204: NoContent('Signed out.') }
    },
    handler: async (request, reply) => {
      const { sessionId } = caller(request)
      await write(db, (tx) => endSession(tx, sessionId))
      auth.forget((identity) => identity.sessionId === sessionId)
      return reply.code(204).send()
    }
  })
}
export default logout
