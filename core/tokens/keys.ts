import type { Static } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { createHmac, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { PublicKey } from '../../schemas/keys.ts'
import type { Config } from '../../core/config/load.ts'
import { readInstant } from '../time/instant.ts'
import { signingSecret } from './secret.ts'

/** A key of access tokens. */
export interface Key {
  /** Its name, in the header of every token that it signs. */
  kid: string
  algorithm: Config['JWT_ALGORITHM']
  /** The secret, or the private key as PEM. */
  signWith: string
  /** The same secret, or the public key as PEM. */
  verifyWith: string
  /** From when it signs, in milliseconds since the epoch. */
  from: number
}

/** The keys of this server: any of them verifies, one signs. */
export interface KeyRing {
  byKid: ReadonlyMap<string, Key>
  /** The key that signs now. */
  signing(): Key
  /** The key that has been here longest: what is derived from it stays the same while keys are rotated. */
  oldest: Key
}

const secretKey = (secret: string): Key => ({
  kid: createHmac('sha256', secret).update('kid').digest('base64url').slice(0, 8),
  algorithm: 'HS256',
  signWith: secret,
  verifyWith: secret,
  from: 0
})

/** The algorithm that a private key is for; undefined when it is for none of ours (RFC 7518, section 3.1; RFC 8037). */
function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject) {
  if (asymmetricKeyType === 'ed25519') return 'EdDSA'
  if (asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1') return 'ES256'
  if (asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) >= 2_048) return 'RS256'
  return undefined
}

const nameForm = /^[A-Za-z0-9._-]{1,64}$/

/** The name of a key that signs from an instant on, such as `2026-01-31T09-30-00Z`. */
export const kidFrom = (instant: Date) => `${instant.toISOString().slice(0, 19).replaceAll(':', '-')}Z`

/** The instant in a key's name, in milliseconds since the epoch; a key of another name signs from the beginning. */
const instantOf = (kid: string) =>
  Date.parse(readInstant(kid.replace(/^(\d{4}-\d\d-\d\dT\d\d)-(\d\d)-(\d\dZ)$/, '$1:$2:$3')) ?? '') || 0

/** @throws naming the file, which OpenSSL's own error does not */
function readPem(file: string): KeyObject {
  try {
    return createPrivateKey(readFileSync(file))
  } catch (error) {
    const { message } = error instanceof Error ? error : new Error(String(error))
    throw new Error(`${file} is no private key that can be read: ${message}`, { cause: error })
  }
}

function readKey(file: string): Key {
  const kid = basename(file, '.pem')
  if (!nameForm.test(kid)) throw new Error(`${file}: a key's name takes letters, digits and . _ -`)
  const key = readPem(file)
  const algorithm = algorithmOf(key)
  if (!algorithm) throw new Error(`${file} is no Ed25519, P-256 or RSA key (of 2048 bits or more)`)
  return {
    kid,
    algorithm,
    signWith: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    verifyWith: createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString(),
    from: instantOf(kid)
  }
}

/** The PEM keys of a folder, oldest first; none when there is no folder. */
export const readKeys = (folder: string): Key[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => name.endsWith('.pem'))
        .map((name) => readKey(join(folder, name)))
        .sort((a, b) => a.from - b.from || (a.kid < b.kid ? -1 : 1))
    : []

/** The newest key whose time has come; before all of them, the first. */
export const signingKey = (keys: readonly [Key, ...Key[]], now = Date.now()): Key =>
  keys.findLast(({ from }) => from <= now) ?? keys[0]

/** Reads the keys of a configuration. @throws when none of them can sign with JWT_ALGORITHM */
export function loadKeys(config: Config): KeyRing {
  const pems = readKeys(config.JWT_KEYS)
  const secrets = config.JWT_PREVIOUS_SECRETS.map(secretKey)
  const [first, ...others] =
    config.JWT_ALGORITHM === 'HS256'
      ? [secretKey(signingSecret(config))]
      : pems.filter(({ algorithm }) => algorithm === config.JWT_ALGORITHM)
  if (!first) {
    const error = new Error(
      `JWT_KEYS=${config.JWT_KEYS} holds no key for JWT_ALGORITHM=${config.JWT_ALGORITHM}: npm run keys -- make makes one`
    )
    error.stack = error.message
    throw error
  }
  const signers = [first, ...others] as const
  const all = [...secrets, ...pems, ...signers]
  return {
    byKid: new Map(all.map((key) => [key.kid, key])),
    signing: () => signingKey([...signers]),
    oldest: all[0] ?? first
  }
}

/** The public keys, as they are published; a secret has no public half. */
export const publicKeys = ({ byKid }: KeyRing): Static<typeof PublicKey>[] =>
  [...byKid.values()]
    .filter(({ algorithm }) => algorithm !== 'HS256')
    .map(({ kid, algorithm, verifyWith }) =>
      Value.Parse(PublicKey, {
        ...createPublicKey(verifyWith).export({ format: 'jwk' }),
        kid,
        alg: algorithm,
        use: 'sig'
      })
    )
