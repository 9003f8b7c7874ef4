import { Secret, TOTP } from 'otpauth'
import type { Config } from '../config/load.ts'

/** What every authenticator app knows how to make: RFC 6238 with the values of RFC 4226. */
const shape = { algorithm: 'SHA1', digits: 6, period: 30 }

/** A seed of 160 bits, as people type it (base32). */
export const newSeed = () => new Secret({ size: 20 }).base32

/** What an app shows an account under, beside its name: where people know the service by its host, that. */
export const issuerOf = ({ PUBLIC_URL }: Pick<Config, 'PUBLIC_URL'>) =>
  PUBLIC_URL === undefined ? 'Gatehouse' : new URL(PUBLIC_URL).hostname

/** What an app takes a seed by, as the content of a QR code. */
export const totpUri = (seed: string, issuer: string, username: string) =>
  new TOTP({ ...shape, issuer, label: username, secret: seed }).toString()

/**
 * The step of time that a code is of: the present one, or one of its neighbours, for clocks that go a little wrong (RFC
 * 6238, section 5.2). Undefined when it is of none of them.
 */
export function stepOf(seed: string, code: string, now = Date.now()): number | undefined {
  const secret = Secret.fromBase32(seed)
  const delta = TOTP.validate({ ...shape, token: code, secret, timestamp: now, window: 1 })
  return delta === null ? undefined : Math.floor(now / (shape.period * 1_000)) + delta
}
