import type { FastifyRequest } from 'fastify'
import { bearerToken } from '../tokens/bearer.ts'
import { tokenInCookie } from './refresh-cookie.ts'
import { isRefreshToken } from './refresh-tokens.ts'

/** A body before or after its validation. */
const inBody = (body: unknown) =>
  typeof body === 'object' && body !== null && 'refresh_token' in body ? body.refresh_token : undefined

const isOurs = (token: unknown): token is string => typeof token === 'string' && isRefreshToken(token)

/**
 * The refresh token that a request presents: the body's, or else the one in the Authorization header, or else in the
 * cookie of a page of this origin. HTTP clients and proxies fill that header with what they like: only what is spelt as
 * ours are counts there. Undefined when there is none.
 */
export function presentedToken(request: FastifyRequest): string | undefined {
  const { body, headers } = request
  const sent = inBody(body)
  if (sent !== undefined) return isOurs(sent) ? sent : undefined
  return [bearerToken(headers.authorization ?? ''), tokenInCookie(request)].find(isOurs)
}
