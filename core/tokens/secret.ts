import { randomBytes } from 'node:crypto'
import type { Config } from '../../core/config/load.ts'
import { keptSecret } from '../vault/kept-secret.ts'

/**
 * The secret that signs access tokens: JWT_SECRET, or in development one that is made once and kept beside
 * the database, so that a restart signs nobody out.
 */
export const signingSecret = ({ JWT_SECRET, DATABASE_URL }: Config): string =>
  JWT_SECRET ?? keptSecret(DATABASE_URL, 'jwt.secret', randomBytes(48).toString('base64url'))
