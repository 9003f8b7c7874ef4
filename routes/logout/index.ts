import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import {
  NetworkNotAllowed,
  SessionNeeded,
  TokenInvalid,
  TokenMissing,
  TokenRepeated
} from '../../core/access/caller.ts'
import { refreshCookie } from '../../core/sessions/refresh-cookie.ts'
import { write } from '../../core/database/transaction.ts'
import { findLeaving, signOut } from '../../core/sessions/sign-out.ts'
import { RefreshRequest } from '../../schemas/tokens.ts'
import { NoContent, ref, StringEnum } from '../../schemas/types.ts'

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
  const { auth, config, db } = fastify
  const cookie = refreshCookie(config)

  fastify.route({
    method: 'POST',
    url: '',
    config: {
      // The handler judges: it takes tokens that count nowhere else.
      access: 'public',
      limit: 'session',
      whileReadOnly: true,
      optionalBody: true,
      problems: [TokenMissing, TokenInvalid, TokenRepeated, NetworkNotAllowed, SessionNeeded],
      contract: [{ security: [{ bearer: [] }, {}] }]
    },
    schema: {
      operationId: 'logout',
      summary: 'Sign out',
      description:
        'Ends sessions: their access and refresh tokens are dead from the next request on. The session is that of the `refresh_token` in the body, or else of the token in the Authorization header, of either kind. An access token that has expired still ends its own session, and so does a refresh token that is spent; ending others takes a token that counts. 204 also where the session has ended already.',
      tags: ['Authentication'],
      querystring: Scope,
      body: ref(RefreshRequest),
      response: { 204: NoContent('Signed out.') }
    },
    handler: async (request, reply) => {
      const { scope = 'session' } = request.query
      const leaving = findLeaving(request, scope, (header) => auth.readAccessToken(header))
      if (leaving) await write(db, (tx) => signOut(tx, request, leaving, scope))
      // It holds the token of this session, or of one that has ended before.
      if (scope !== 'others') cookie.clear(request, reply)
      return reply.code(204).send()
    }
  })
}
export default logout
