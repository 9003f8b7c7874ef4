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

/** How every sign-in answers the tokens of its session: the refresh token in the body, or in a cookie. */
export function tokenAnswer(signer: Signer, config: Pick<Config, 'PUBLIC_URL' | 'REFRESH_TOKEN_TTL'>) {
  const cookie = refreshCookie(config)
  return {
    /** Lets a request go on that may have its refresh token where it asks for it. @throws NotSameOrigin */
    judge: (request: FastifyRequest, { refresh }: Place) => {
      if (refresh === 'cookie') requireSameOrigin(request)
    },
    /** The answer with the first tokens of a session (RFC 6749, section 5.1). */
    of: (
      request: FastifyRequest,
      reply: FastifyReply,
      { refresh }: Place,
      { user, refreshToken, ...session }: NewSession
    ) => {
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
