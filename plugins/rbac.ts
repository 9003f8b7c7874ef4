import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import { type Access, isPermission, permissionNames } from '../schemas/access.ts'
import { defineProblem } from '../schemas/problems.ts'
import type { Identity } from './auth/identities.ts'
import { addToContract } from './openapi/contract.ts'
import { challengeHeader } from './openapi/headers.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call this route. A route that does not say stops the boot. */
    access?: Access
  }
}

export const TokenMissing = defineProblem('TOKEN_MISSING', 401, 'Sign-in needed', {
  detail: 'Send an access token: Authorization: Bearer …',
  about: 'The route is for signed-in callers and the request had no Authorization header.',
  guide: { msg: 'Missing Authorization Header' }
})

export const TokenInvalid = defineProblem('TOKEN_INVALID', 401, 'Invalid token', {
  detail: 'The access token is malformed, expired or withdrawn.',
  about:
    'The token is not one of this server, has expired, or its session or account has ended. Refresh or sign in.'
})

export const TokenRepeated = defineProblem('TOKEN_REPEATED', 400, 'Several credentials', {
  detail: 'Send one Authorization header.',
  about: 'The request carried several credentials at once; which of them counts would be a guess.'
})

export const Forbidden = defineProblem('FORBIDDEN', 403, 'Forbidden', {
  detail: 'This needs the permission %s.',
  about: "The caller's role lacks the permission that `permission` names.",
  guide: { error: 'Access denied. Admin privileges required.' }
})

/** The challenges of RFC 6750, section 3: without an error code for who sent nothing. */
export const challenge = (error?: string) => ({
  'www-authenticate': error ? `Bearer error="${error}"` : 'Bearer'
})

/** Who is asking, on a route that is not public. */
export function caller(request: FastifyRequest): Identity {
  if (request.user) return request.user
  if (request.credentialsFault === 'repeated')
    throw new TokenRepeated().with({ headers: challenge('invalid_request') })
  if (request.credentialsFault) throw new TokenInvalid().with({ headers: challenge('invalid_token') })
  throw new TokenMissing().with({ headers: challenge() })
}

const isAccess = (access: unknown): access is Access =>
  access === 'public' || access === 'authenticated' || (typeof access === 'string' && isPermission(access))

/** The onRequest hook of a route: judges who was identified. */
const guard =
  (access: Exclude<Access, 'public'>) =>
  (request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void) => {
    const { permissions } = caller(request)
    if (access !== 'authenticated' && !permissions.has(access)) {
      throw new Forbidden(access).with({ members: { permission: access } })
    }
    done()
  }

/** Permissions: the 401 and the 403, from each route's `access`. */
export default fp(
  async (fastify) => {
    fastify.addHook('onRoute', (route) => {
      const access: unknown = route.config?.access
      const name = `${String(route.method)} ${route.url}`
      if (access === undefined) throw new Error(`${name} declares no access`)
      if (!isAccess(access)) {
        throw new Error(
          `${name} declares an unknown access: ${JSON.stringify(access)}. There is public, authenticated, ${permissionNames.join(', ')}`
        )
      }
      if (access === 'public') {
        addToContract(route, { security: [], headersByStatus: { 401: challengeHeader } })
        return
      }
      route.onRequest = [route.onRequest ?? [], guard(access)].flat()
      addToContract(route, {
        security: [{ bearer: [] }],
        ...(access !== 'authenticated' && { extension: { 'x-permission': access } }),
        problems: [
          TokenMissing,
          TokenInvalid,
          TokenRepeated,
          ...(access === 'authenticated' ? [] : [Forbidden])
        ],
        headersByStatus: { 401: challengeHeader }
      })
    })
  },
  // After limits: a refused call counts.
  { name: 'rbac', dependencies: ['limits'] }
)
