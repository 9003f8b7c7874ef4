import { lengthFault, passwordFault } from '../passwords/policy.ts'
import type { Config } from './environment.ts'
import { isExposed } from './exposure.ts'

const wellKnownSecret =
  /supersecret|change-?_?me|256-bit-secret|your-?_?(jwt|secret|super)|at-least-256-bits|my-?_?secret|secret-?_?key|example|password|default|0123456789|^(.{1,8})\2+$/i

const isPredictable = (secret: string) => wellKnownSecret.test(secret) || new Set(secret).size < 10

const advice = '(openssl rand -base64 48 makes one)'

function adminPasswordFault(config: Config): string | undefined {
  const { ADMIN_PASSWORD, ADMIN_USERNAME } = config
  if (ADMIN_PASSWORD === undefined) return undefined
  return isExposed(config) ? passwordFault(ADMIN_PASSWORD, ADMIN_USERNAME) : lengthFault(ADMIN_PASSWORD)
}

/** What is wrong with the secrets of a configuration: each entry names its variable, and none says the secret. */
export function secretFaults(config: Config): string[] {
  const { BCRYPT_COST, JWT_ALGORITHM, JWT_PREVIOUS_SECRETS, JWT_SECRET, NODE_ENV } = config
  const found: string[] = []
  const fault = adminPasswordFault(config)
  if (fault !== undefined)
    found.push(`ADMIN_PASSWORD is not accepted: it ${fault}; set one of your own, of 8 to 256 characters`)
  if (JWT_SECRET !== undefined && Buffer.byteLength(JWT_SECRET) < 32)
    found.push(`JWT_SECRET is not accepted: it takes at least 32 bytes ${advice}`)
  // One that no longer signs still verifies.
  for (const [name, secrets] of Object.entries({
    JWT_SECRET: [JWT_SECRET ?? []].flat(),
    JWT_PREVIOUS_SECRETS
  }))
    if (isExposed(config) && secrets.some(isPredictable))
      found.push(`${name} is a well-known or predictable value; set one of your own ${advice}`)
  if (NODE_ENV !== 'production') return found

  if (JWT_ALGORITHM === 'HS256' && JWT_SECRET === undefined)
    found.push(`JWT_SECRET must be set in production ${advice}`)
  if (config.DATA_KEY === undefined)
    found.push('DATA_KEY must be set in production (npm run keys -- data makes one)')
  if (BCRYPT_COST < 10) found.push('BCRYPT_COST must be at least 10 in production')
  return found
}
