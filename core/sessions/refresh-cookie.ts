import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Config } from '../config/environment.ts'
import { linkTo } from '../config/public-url.ts'
import { isSameOrigin } from '../http/same-origin.ts'
import { defineProblem } from '../problems/define.ts'

/**
 * The refresh token in a cookie: for pages of this origin, which so stay signed in over a reload without any script that
 * can read the token. Scripts of other origins can neither have it set nor used, those of the same site included.
 */

export const NotSameOrigin = defineProblem('NOT_SAME_ORIGIN', 403, 'Only for pages of this origin', {
  detail: 'A refresh token in a cookie is for pages of this origin alone.',
  about:
    'The request asks for the refresh token in a cookie, and the browser does not say that a page of the same origin has made it. Elsewhere, leave refresh=cookie out and keep the token yourself.'
})

/**
 * Whether the browser came by TLS: a proxy in front may end it without being trusted, and then the page's own origin
 * tells.
 */
const isTls = ({ protocol, headers }: FastifyRequest) =>
  protocol === 'https' || headers.origin?.startsWith('https://') === true

// A browser takes the prefix over TLS alone: nobody who changes plain HTTP can plant a cookie of that name.
const nameFor = (request: FastifyRequest) => (isTls(request) ? '__Secure-refresh' : 'refresh')

/** Lets a request go on that asks for the cookie. @throws NotSameOrigin */
export function requireSameOrigin(request: FastifyRequest) {
  if (!isSameOrigin(request)) throw new NotSameOrigin()
}

/** What puts the refresh token into the browser, and takes it back from there. */
export function refreshCookie(config: Pick<Config, 'PUBLIC_URL' | 'REFRESH_TOKEN_TTL'>) {
  // As the browser sees it: a proxy may put a path before ours.
  const path = new URL(linkTo(config, '/refresh'), 'http://localhost').pathname
  const idle = Math.floor(config.REFRESH_TOKEN_TTL / 1_000)
  const cookie = (request: FastifyRequest, value: string, seconds: number) =>
    `${nameFor(request)}=${value}; Max-Age=${seconds}; Path=${path}; HttpOnly; SameSite=Strict${isTls(request) ? '; Secure' : ''}`
  return {
    /** Keeps a token in the browser for as long as it lives unused. */
    keep: (request: FastifyRequest, reply: FastifyReply, token: string) =>
      reply.header('set-cookie', cookie(request, token, idle)),
    /** Takes it back, if the request is one that could have it. */
    clear: (request: FastifyRequest, reply: FastifyReply) => {
      if (isSameOrigin(request)) reply.header('set-cookie', cookie(request, '', 0))
    }
  }
}

/** The refresh token in the cookie of a page of this origin. Two of the name are none: one is somebody else's. */
export function tokenInCookie(request: FastifyRequest): string | undefined {
  if (!isSameOrigin(request)) return undefined
  const prefix = `${nameFor(request)}=`
  const values = (request.headers.cookie ?? '').split(/; */).filter((pair) => pair.startsWith(prefix))
  return values.length === 1 ? values[0]?.slice(prefix.length) : undefined
}
