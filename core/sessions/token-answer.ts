import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Static } from '@sinclair/typebox'
import type { RefreshPlace } from '../../schemas/tokens.ts'
import type { Config } from '../config/load.ts'
import type { Subject } from '../tokens/tokens.ts'
import { refreshCookie, requireSameOrigin } from './refresh-cookie.ts'

/** What signs access tokens, and for how long they live. */
interface Signer {
  accessTokenSeconds: number
  signAccessToken(subject: Subject): string
}

interface NewSession extends Pick<Subject, 'sessionId' | 'authTime' | 'amr'> {
  user: Pick<Subject, 'id' | 'username' | 'role'>
  refreshToken: string
}

/** Where a request wants its refresh token. */
type Place = Static<typeof RefreshPlace>

/**
 * What the routes that sign in have in common: their policy, and how they answer the tokens of the new session, the
 * refresh token in the body or in a cookie.
 */
export function tokenAnswer(
  signer: Signer,
  config: Pick<Config, 'PUBLIC_URL' | 'RATE_LIMIT_SIGN_IN' | 'REFRESH_TOKEN_TTL'>
) {
  const cookie = refreshCookie(config)
  return {
    policy: {
      access: 'public',
      whileReadOnly: true,
      limit: { perMinute: config.RATE_LIMIT_SIGN_IN, by: 'address' }
    } as const,
    /** The answer with the first tokens of the session that `begin` opens (RFC 6749, section 5.1). @throws NotSameOrigin */
    answer: async (
      request: FastifyRequest,
      reply: FastifyReply,
      { refresh }: Place,
      begin: () => Promise<NewSession>
    ) => {
      if (refresh === 'cookie') requireSameOrigin(request)
      const { user, refreshToken, ...session } = await begin()
      if (refresh === 'cookie') cookie.keep(request, reply, refreshToken)
      return {
        access_token: signer.signAccessToken({ ...user, ...session }),
        ...(refresh !== 'cookie' && { refresh_token: refreshToken }),
        token_type: 'Bearer' as const,
        expires_in: signer.accessTokenSeconds
      }
    }
  }
}
