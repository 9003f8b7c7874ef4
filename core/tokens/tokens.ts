import type { JWT } from '@fastify/jwt'
import { randomUUID } from 'node:crypto'
import type { AccessClaims } from '../../schemas/tokens.ts'
import type { KeyRing } from './keys.ts'

/** Who issues the access tokens and who they are for (RFC 8725, sections 3.8 and 3.9). */
export const issuer = 'gatehouse'
export const audience = 'gatehouse-api'

/** Whom an access token is made for. */
export interface Subject {
  id: number
  username: string
  role: string
  sessionId: string
  /** When they last proved who they are, in milliseconds since the epoch, and by what (RFC 8176). */
  authTime: number
  amr: readonly string[]
  /** Which exchange of the session's refresh token it comes from; none for a sign-in. */
  generation?: number
}

/** Signs an access token for a session with the key whose turn it is; it lives as long as the plugin was configured for. */
export function signAccessToken(jwt: JWT, keys: KeyRing, subject: Subject): string {
  const { id, username, role, sessionId, authTime, amr, generation } = subject
  const { algorithm, kid, signWith } = keys.signing()
  return jwt.sign(
    {
      sub: String(id),
      sid: sessionId,
      username,
      role,
      jti: randomUUID(),
      auth_time: Math.floor(authTime / 1_000),
      amr: [...amr],
      ...(generation !== undefined && { gen: generation })
    },
    { algorithm, kid, key: signWith }
  )
}

/** Every part spelt as base64url spells it: RFC 7515, section 2 allows no other. */
const isCanonical = (part: string) => Buffer.from(part, 'base64url').toString('base64url') === part

/**
 * The key that a token's header names, among ours alone; without a name it is the one that signs. None for a header
 * that does not say what ours say: a duplicate member, something critical, something that brings a key along.
 */
function keyOf(part: string, keys: KeyRing) {
  const text = Buffer.from(part, 'base64url').toString()
  const header: unknown = JSON.parse(text)
  if (typeof header !== 'object' || header === null || JSON.stringify(header) !== text) return undefined
  if (['crit', 'b64', 'jku', 'jwk', 'x5u', 'x5c'].some((name) => name in header)) return undefined
  if (!('kid' in header)) return keys.signing()
  return typeof header.kid === 'string' ? keys.byKid.get(header.kid) : undefined
}

/** No account has a larger id; PostgreSQL would not even compare with one. */
const largestId = 2_147_483_647

const isAccessClaims = (claims: unknown): claims is AccessClaims =>
  typeof claims === 'object' &&
  claims !== null &&
  'sub' in claims &&
  typeof claims.sub === 'string' &&
  /^[1-9]\d{0,9}$/.test(claims.sub) &&
  Number(claims.sub) <= largestId &&
  'sid' in claims &&
  typeof claims.sid === 'string' &&
  (!('gen' in claims) || Number.isInteger(claims.gen)) &&
  'exp' in claims &&
  Number.isFinite(claims.exp) &&
  'aud' in claims &&
  claims.aud === audience &&
  'iss' in claims &&
  claims.iss === issuer

/**
 * The claims of an access token of ours that has not expired, otherwise undefined; it never throws. With
 * `ignoreExpiration` it tells of an expired one too whose it was.
 */
export function verifyAccessToken(
  jwt: JWT,
  keys: KeyRing,
  token: string,
  { ignoreExpiration = false } = {}
): AccessClaims | undefined {
  const parts = token.split('.')
  if (parts.length !== 3 || !parts.every(isCanonical)) return undefined
  try {
    const key = keyOf(parts[0] ?? '', keys)
    if (!key) return undefined
    // Each key has its one algorithm, so that no token can make one key pass for another (RFC 8725, section 3.1).
    const options = { key: key.verifyWith, algorithms: [key.algorithm], ignoreExpiration }
    const claims: unknown = jwt.verify(token, options)
    return isAccessClaims(claims) ? claims : undefined
  } catch {
    // The verifier throws for everything that it refuses; why is of no use to the caller.
    return undefined
  }
}
