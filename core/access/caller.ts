import type { FastifyRequest } from 'fastify'
import { type Access, isPermission } from '../../schemas/access.ts'
import type { Tx } from '../database/database.ts'
import { defineProblem } from '../problems/define.ts'
import { holdKeyIdentity } from '../keys/identity.ts'
import { holdIdentity, type Identity, type SessionIdentity } from '../sessions/identities.ts'

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

export const NetworkNotAllowed = defineProblem('NETWORK_NOT_ALLOWED', 403, 'Not from here', {
  detail: 'This key may not be used from your network.',
  about: 'The key names the networks that it may be used from, and the request came from another one.'
})

export const SessionNeeded = defineProblem('SESSION_NEEDED', 403, 'For people who have signed in', {
  detail: 'A key cannot do this: sign in.',
  about:
    'What concerns the account of a person itself (its password, factors, sessions and keys) and what asks for a recent proof of who somebody is takes a session. A key, which a machine holds, opens none of it.'
})

export const MfaEnrolmentNeeded = defineProblem('MFA_ENROLMENT_NEEDED', 403, 'A second factor is needed', {
  detail:
    'Your role needs a second factor: add an authenticator app with POST /me/factors, or a passkey with POST /me/passkeys.',
  about:
    'Accounts of some roles need a second factor: an authenticator app or a passkey. Without one they can add it, see their account and their sessions, and sign out.'
})

/** The challenges of RFC 6750, section 3: without an error code for who sent nothing. */
export const challenge = (error?: string) => ({
  'www-authenticate': error ? `Bearer error="${error}"` : 'Bearer'
})

/** The 401 for a token that does not count. */
export const tokenInvalid = () => new TokenInvalid().with({ headers: challenge('invalid_token') })

/** Who is asking, on a route that is not public. */
export function requireUser(request: FastifyRequest): Identity {
  if (request.user) return request.user
  if (request.credentialsFault === 'repeated')
    throw new TokenRepeated().with({ headers: challenge('invalid_request') })
  if (request.credentialsFault === 'network') throw new NetworkNotAllowed()
  if (request.credentialsFault) throw tokenInvalid()
  throw new TokenMissing().with({ headers: challenge() })
}

/** Lets somebody through who has signed in, and no key. @throws SessionNeeded */
export function asSession(identity: Identity): SessionIdentity {
  if (identity.via === 'key') throw new SessionNeeded()
  return identity
}

/** Who has signed in, on a route with `session: true` or `fresh`. */
export const requireSession = (request: FastifyRequest): SessionIdentity => asSession(requireUser(request))

/** The session that a request is made in, if it is. */
export const currentSession = (request: FastifyRequest): string | undefined => {
  const user = requireUser(request)
  return user.via === 'session' ? user.sessionId : undefined
}

/** Whether a caller's role has what a route needs. */
export const mayAccess = ({ permissions }: Identity, access: Access) =>
  !isPermission(access) || permissions.has(access)

/** Lets a caller through whose role has what a route needs. @throws Forbidden */
export function requireAccess(caller: Identity, access: Access) {
  if (!mayAccess(caller, access)) throw new Forbidden(access).with({ members: { permission: access } })
}

/** Whether a caller lacks the second factor that their role needs. A key is a factor of its own, and cannot add one. */
export const isUnenrolled = (caller: Identity) => caller.via === 'session' && caller.mustEnrol

/** Lets a caller through who has the second factor that their role needs. @throws MfaEnrolmentNeeded */
export function requireEnrolled(
  caller: Identity,
  { whileUnenrolled }: { whileUnenrolled?: boolean | undefined }
) {
  if (isUnenrolled(caller) && whileUnenrolled !== true) throw new MfaEnrolmentNeeded()
}

/**
 * Who is asking, as the transaction finds them, who stays so until it ends: once a demotion, a ban or the end of the
 * session or key has been acknowledged, nothing that was under way is done in its spite. A transaction that changes the
 * caller's own account locks that first.
 * @throws TokenInvalid, Forbidden, MfaEnrolmentNeeded
 */
export async function holdCaller(tx: Tx, request: FastifyRequest): Promise<Identity> {
  const user = requireUser(request)
  const caller =
    user.via === 'key'
      ? await holdKeyIdentity(tx, user)
      : await holdIdentity(tx, { sessionId: user.sessionId, userId: user.id })
  if (!caller) throw new TokenInvalid().with({ headers: challenge('invalid_token') })
  requireEnrolled(caller, request.routeOptions.config)
  requireAccess(caller, request.routeOptions.config.access ?? 'authenticated')
  return caller
}
