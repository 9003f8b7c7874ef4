import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { recordAudit } from '../../plugins/audit/record.ts'
import { bearerToken } from '../../plugins/auth/bearer.ts'
import { rotate } from '../../plugins/auth/sessions.ts'
import { challenge } from '../../plugins/rbac.ts'
import { write } from '../../plugins/db/transaction.ts'
import { defineProblem } from '../../schemas/problems.ts'
import { RefreshRequest, TokenPair } from '../../schemas/tokens.ts'
import { ref } from '../../schemas/types.ts'

const RefreshRefused = defineProblem('REFRESH_REFUSED', 401, 'Invalid refresh token', {
  detail: 'The refresh token is unknown, spent or expired. Sign in again.',
  about: 'A refresh token is good for one exchange. Using one again ends the session that it belongs to.'
})

const refused = (sent: boolean) =>
  new RefreshRefused().with({ headers: challenge(sent ? 'invalid_token' : undefined) })

const refresh: FastifyPluginAsyncTypebox = async (fastify) => {
  const { auth, db } = fastify

  fastify.route({
    method: 'POST',
    url: '',
    // The token may come in the header alone.
    config: { access: 'public', optionalBody: true, problems: [RefreshRefused] },
    schema: {
      operationId: 'refreshTokens',
      summary: 'Exchange a refresh token for a new pair',
      description:
        'Takes the refresh token as `Authorization: Bearer …` or as `refresh_token` in the body. It is spent by this; using it again later ends the session.',
      tags: ['Authentication'],
      body: ref(RefreshRequest),
      response: { 200: ref(TokenPair, 'The next pair of tokens of the session.') }
    },
    handler: async (request) => {
      const { body, headers } = request
      const token =
        headers.authorization === undefined ? body.refresh_token : bearerToken(headers.authorization)
      if (token === undefined) throw refused(headers.authorization !== undefined)
      const rotation = await write(db, async (tx) => {
        const outcome = await rotate(tx, token, auth.successorKey, auth.lifetimes)
        if (outcome.outcome === 'stolen') {
          const target = `session:${outcome.sessionId}`
          await recordAudit(tx, request, { action: 'session.theft', target, actor: outcome })
        }
        return outcome
      })
      if (rotation.outcome === 'stolen') auth.forget(({ sessionId }) => sessionId === rotation.sessionId)
      if (rotation.outcome !== 'refreshed') throw refused(true)
      return {
        access_token: auth.signAccessToken(rotation),
        refresh_token: rotation.refreshToken,
        token_type: 'Bearer' as const,
        expires_in: auth.accessTokenSeconds
      }
    }
  })
}
export default refresh
