import type { FastifyReply, FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import {
  asSession,
  Forbidden,
  MfaEnrolmentNeeded,
  NetworkNotAllowed,
  requireAccess,
  requireEnrolled,
  requireUser,
  SessionNeeded,
  TokenInvalid,
  TokenMissing,
  TokenRepeated
} from '../core/access/caller.ts'
import { addToContract } from '../core/contract/contract.ts'
import { challengeHeader } from '../core/contract/headers.ts'
import { type Access, isPermission, permissionNames } from '../schemas/access.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call this route. A route that does not say stops the boot. */
    access?: Access
    /** Whether only somebody who has signed in may call this route, and no key; what is `fresh` asks for that itself. */
    session?: true
    /** Whether an account may call this route that lacks the second factor which its role needs. */
    whileUnenrolled?: boolean
  }
}

const isAccess = (access: unknown): access is Access =>
  access === 'public' || access === 'authenticated' || (typeof access === 'string' && isPermission(access))

/** Judges who was identified. */
const guardOf = (
  access: Exclude<Access, 'public'>,
  { session, whileUnenrolled }: { session: boolean; whileUnenrolled: boolean }
) =>
  function guard(request: FastifyRequest, _reply: FastifyReply, done: (error?: Error) => void) {
    const user = requireUser(request)
    if (session) asSession(user)
    requireEnrolled(user, { whileUnenrolled })
    requireAccess(user, access)
    done()
  }

/** Permissions: the 401 and the 403, from each route's `access`. */
export default fp(
  async (fastify) => {
    fastify.pipeline.before('guard', (route) => {
      const access: unknown = route.config?.access
      const name = `${String(route.method)} ${route.url}`
      if (access === undefined) throw new Error(`${name} declares no access`)
      if (!isAccess(access)) {
        throw new Error(
          `${name} declares an unknown access: ${JSON.stringify(access)}. There is public, authenticated, ${permissionNames.join(', ')}`
        )
      }
      const session: unknown = route.config?.session
      if (session !== undefined && (session !== true || access === 'public'))
        throw new Error(
          `${name} declares session: ${JSON.stringify(session)}. It takes true, on a route that is not public`
        )
      const headersByStatus = { 401: challengeHeader }
      if (access === 'public') {
        addToContract(route, { headersByStatus })
        return undefined
      }
      const { whileUnenrolled = false } = route.config ?? {}
      const needsPermission = access !== 'authenticated'
      addToContract(route, {
        security: [{ bearer: [] }],
        ...(needsPermission && { extension: { 'x-permission': access } }),
        problems: [
          ...[TokenMissing, TokenInvalid, TokenRepeated, NetworkNotAllowed],
          ...(needsPermission ? [Forbidden] : []),
          ...(session ? [SessionNeeded] : []),
          ...(whileUnenrolled ? [] : [MfaEnrolmentNeeded])
        ],
        headersByStatus
      })
      return guardOf(access, { session: session === true, whileUnenrolled })
    })
  },
  { name: 'rbac', dependencies: ['pipeline'] }
)
