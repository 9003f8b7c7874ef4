import type { JWT } from '@fastify/jwt'
import { randomUUID } from 'node:crypto'
import type { AccessClaims } from '../../schemas/tokens.ts'

/** Who issues the access tokens and who they are for (RFC 8725, sections 3.8 and 3.9). */
export const issuer = 'gatehouse'
export const audience = 'gatehouse-api'

/** Whom an access token is made for. */
export interface Subject {
  id: number
  username: string
  role: string
  sessionId: string
}

/** Signs an access token for a session; it lives as long as the plugin was configured for. */
export const signAccessToken = (jwt: JWT, { id, username, role, sessionId }: Subject): string =>
  jwt.sign({ sub: String(id), sid: sessionId, username, role, jti: randomUUID() })

/** Every part spelt as base64url spells it: RFC 7515, section 2 allows no other. */
const isCanonical = (part: string) => Buffer.from(part, 'base64url').toString('base64url') === part

/** A header that says what ours says: no duplicate member, nothing critical, nothing that picks a key. */
const isPlainHeader = (part: string) => {
  const text = Buffer.from(part, 'base64url').toString()
  const header: unknown = JSON.parse(text)
  if (typeof header !== 'object' || header === null || JSON.stringify(header) !== text) return false
  return !['crit', 'b64', 'jku', 'jwk', 'x5u', 'x5c'].some((name) => name in header)
}

const isAccessClaims = (claims: unknown): claims is AccessClaims =>
  typeof claims === 'object' &&
  claims !== null &&
  'sub' in claims &&
  typeof claims.sub === 'string' &&
  /^[1-9]\d{0,9}$/.test(claims.sub) &&
  'sid' in claims &&
  typeof claims.sid === 'string' &&
  'exp' in claims &&
  Number.isFinite(claims.exp) &&
  'aud' in claims &&
  claims.aud === audience &&
  'iss' in claims &&
  claims.iss === issuer

/** The claims of an access token of ours that has not expired, otherwise undefined; it never throws. */
export function verifyAccessToken(jwt: JWT, token: string): AccessClaims | undefined {
  const parts = token.split('.')
  if (parts.length !== 3 || !parts.every(isCanonical)) return undefined
  try {
    if (!isPlainHeader(parts[0] ?? '')) return undefined
    const claims: unknown = jwt.verify(token)
    return isAccessClaims(claims) ? claims : undefined
  } catch {
    // The verifier throws for everything that it refuses; why is of no use to the caller.
    return undefined
  }
}
