import type { Static } from '@sinclair/typebox'
import type { Introspection } from '../../schemas/introspection.ts'
import { isUnenrolled } from '../access/caller.ts'
import type { Identity } from '../sessions/identities.ts'
import { issuer } from './tokens.ts'

/** Whose a token is that counts, and when it ends, in milliseconds since the epoch. */
export interface Known {
  identity: Identity
  endsAt: number
}

/**
 * What is said of a token (RFC 7662, section 2.2): of one that does not count, that alone. One whose account has to add a
 * second factor first opens nothing here, and so nothing elsewhere.
 */
export function describeToken(known: Known | undefined): Static<typeof Introspection> {
  if (!known || isUnenrolled(known.identity)) return { active: false }
  const { identity, endsAt } = known
  const { id, username, role, permissions } = identity
  return {
    active: true,
    sub: String(id),
    username,
    role,
    scope: [...permissions].join(' '),
    exp: Math.floor(endsAt / 1_000),
    iss: issuer,
    ...(identity.via === 'session'
      ? { token_type: 'access_token' as const, sid: identity.sessionId }
      : {
          token_type: 'api_key' as const,
          client_id: identity.keyId,
          ...(identity.networks.length > 0 && { allowed_networks: [...identity.networks] })
        })
  }
}
