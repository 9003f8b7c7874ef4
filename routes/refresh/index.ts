import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { recordAudit } from '../../core/audit/record.ts'
import { presentedToken } from '../../core/sessions/presented.ts'
import { refreshCookie, tokenInCookie } from '../../core/sessions/refresh-cookie.ts'
import { exchange, judgeSpent } from '../../core/sessions/rotation.ts'
import { queueNotice } from '../../core/mail/outbox.ts'
import { challenge } from '../../core/access/caller.ts'
import type { Tx } from '../../core/database/database.ts'
import { write } from '../../core/database/transaction.ts'
import { defineProblem } from '../../core/problems/define.ts'
import { RefreshRequest, TokenPair } from '../../schemas/tokens.ts'
import { ref } from '../../schemas/types.ts'

const RefreshRefused = defineProblem('REFRESH_REFUSED', 401, 'Invalid refresh token', {
  detail: 'The refresh token is unknown, spent or expired. Sign in again.',
  about:
    'A refresh token is good for one exchange. Using one again when its successor is in use ends the session that it belongs to.'
})

const refused = (sent: boolean) =>
  new RefreshRefused().with({ headers: challenge(sent ? 'invalid_token' : undefined) })

const refresh: FastifyPluginAsyncTypebox = async (fastify) => {
  const { auth, config, db } = fastify
  const cookie = refreshCookie(config)

  fastify.route({
    method: 'POST',
    url: '',
    // The token may come in the header alone.
    config: {
      access: 'public',
      limit: 'session',
      whileReadOnly: true,
      optionalBody: true,
      problems: [RefreshRefused]
    },
    schema: {
      operationId: 'refreshTokens',
      summary: 'Exchange a refresh token for a new pair',
      description:
        'Takes the refresh token as `refresh_token` in the body, or else as `Authorization: Bearer …`, or else from the cookie of `POST /login?refresh=cookie` when a page of this origin asks; what else stands in that header does not matter. It is spent by this. Sent again, because the answer was lost, it is answered with the same successor until that or an access token that came with it is used; later it ends the session.',
      tags: ['Authentication'],
      body: ref(RefreshRequest),
      response: { 200: ref(TokenPair, 'The next pair of tokens of the session.') }
    },
    handler: async (request, reply) => {
      const { body, headers, presentedSession: session } = request
      const token = presentedToken(request)
      const inCookie = token !== undefined && token === tokenInCookie(request)
      const refuse = () => {
        // A cookie whose token is refused serves nobody any more.
        if (inCookie) cookie.clear(request, reply)
        return refused((token ?? body.refresh_token ?? headers.authorization) !== undefined)
      }
      if (!session || token === undefined) throw refuse()
      const judge = async (tx: Tx) => {
        const outcome = await judgeSpent(tx, token, auth.lifetimes)
        if (outcome.outcome === 'stolen') {
          const target = `session:${outcome.sessionId}`
          await recordAudit(tx, request, { action: 'session.theft', target, actor: outcome })
          await queueNotice(tx, config, outcome.id, 'theft')
        }
        return outcome
      }
      const rotation = (await exchange(db, token, session, auth.lifetimes)) ?? (await write(db, judge))
      if (rotation.outcome === 'stolen') fastify.analytics?.event('refresh.theft')
      if (rotation.outcome !== 'refreshed') throw refuse()
      if (inCookie) cookie.keep(request, reply, rotation.refreshToken)
      return {
        access_token: auth.signAccessToken(rotation),
        ...(!inCookie && { refresh_token: rotation.refreshToken }),
        token_type: 'Bearer' as const,
        expires_in: auth.accessTokenSeconds
      }
    }
  })
}
export default refresh
