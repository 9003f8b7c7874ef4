import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

type Encodable = number | string | Uint8Array | Map<number | string, Encodable>

/** The head of a data item (RFC 8949, section 3). */
function head(major: number, argument: number): Buffer {
  if (argument < 24) return Buffer.from([(major << 5) | argument])
  if (argument < 256) return Buffer.from([(major << 5) | 24, argument])
  return Buffer.from([(major << 5) | 25, argument >> 8, argument & 255])
}

/** CBOR, as far as authenticators need it. */
export function cbor(value: Encodable): Buffer {
  if (typeof value === 'number') return value < 0 ? head(1, -1 - value) : head(0, value)
  if (typeof value === 'string') return Buffer.concat([head(3, Buffer.byteLength(value)), Buffer.from(value)])
  if (value instanceof Uint8Array) return Buffer.concat([head(2, value.length), value])
  const members = [...value].flatMap(([key, member]) => [cbor(key), cbor(member)])
  return Buffer.concat([head(5, value.size), ...members])
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url')
const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest()

/** What a ceremony is to be like; other than that it is as it should be. */
export interface Ceremony {
  origin?: string
  rpId?: string
  challenge?: string
  type?: string
  isPresent?: boolean
  isVerified?: boolean
  isBackupEligible?: boolean
  isBackedUp?: boolean
  crossOrigin?: boolean
  topOrigin?: string
  /** What it counts to; one more than before unless given. */
  counter?: number
  /** The format of an attestation that nobody has asked for, and its statement. */
  attestation?: [string, Map<string, Encodable>]
  userHandle?: string | null
}

interface Options {
  challenge: string
}

/** An authenticator and its browser in one: ES256, one passkey, all of it in software. */
export class Authenticator {
  id = randomBytes(32)
  counter = 0
  /** Whether it counts its signatures. */
  counts = true
  userHandle = ''
  readonly origin: string
  readonly rpId: string
  readonly #keys: { publicKey: KeyObject; privateKey: KeyObject }

  constructor(origin = 'http://localhost:3000') {
    this.origin = origin
    this.rpId = new URL(origin).hostname
    this.#keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  }

  /** The public key in COSE (RFC 9053, section 7.1). */
  #publicKey(): Buffer {
    const { x = '', y = '' } = this.#keys.publicKey.export({ format: 'jwk' })
    return cbor(
      new Map<number, Encodable>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, Buffer.from(x, 'base64url')],
        [-3, Buffer.from(y, 'base64url')]
      ])
    )
  }

  #clientData(type: string, options: Options, ceremony: Ceremony): Buffer {
    const { challenge = options.challenge, origin = this.origin, crossOrigin = false, topOrigin } = ceremony
    return Buffer.from(
      JSON.stringify({ type: ceremony.type ?? type, challenge, origin, crossOrigin, topOrigin })
    )
  }

  #authenticatorData(ceremony: Ceremony, attested = Buffer.alloc(0)): Buffer {
    const { isPresent = true, isVerified = true, isBackupEligible = false, isBackedUp = false } = ceremony
    if (ceremony.counter !== undefined) this.counter = ceremony.counter
    else if (this.counts) this.counter += 1
    const flags =
      Number(isPresent) |
      (Number(isVerified) << 2) |
      (Number(isBackupEligible) << 3) |
      (Number(isBackedUp) << 4) |
      (Number(attested.length > 0) << 6)
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(this.counter)
    return Buffer.concat([sha256(ceremony.rpId ?? this.rpId), Buffer.from([flags]), counter, attested])
  }

  /** What `navigator.credentials.create` answers, as its toJSON() says it. */
  create(options: Options & { user: { id: string } }, ceremony: Ceremony = {}) {
    this.userHandle = options.user.id
    const publicKey = this.#publicKey()
    const length = Buffer.from([this.id.length >> 8, this.id.length & 255])
    const authData = this.#authenticatorData(
      ceremony,
      Buffer.concat([Buffer.alloc(16, 7), length, this.id, publicKey])
    )
    const [format, statement] = ceremony.attestation ?? ['none', new Map<string, Encodable>()]
    const attestation = new Map<string, Encodable>([
      ['fmt', format],
      ['attStmt', statement],
      ['authData', authData]
    ])
    return {
      id: text(this.id),
      rawId: text(this.id),
      type: 'public-key',
      authenticatorAttachment: 'platform',
      clientExtensionResults: { credProps: { rk: true } },
      response: {
        clientDataJSON: text(this.#clientData('webauthn.create', options, ceremony)),
        attestationObject: text(cbor(attestation)),
        authenticatorData: text(authData),
        transports: ['internal', 'hybrid'],
        publicKey: text(this.#keys.publicKey.export({ format: 'der', type: 'spki' })),
        publicKeyAlgorithm: -7
      }
    }
  }

  /** What `navigator.credentials.get` answers, as its toJSON() says it. */
  get(options: Options, ceremony: Ceremony = {}) {
    const clientData = this.#clientData('webauthn.get', options, ceremony)
    const authData = this.#authenticatorData(ceremony)
    const signature = sign('sha256', Buffer.concat([authData, sha256(clientData)]), this.#keys.privateKey)
    const userHandle = ceremony.userHandle === undefined ? this.userHandle : ceremony.userHandle
    return {
      id: text(this.id),
      rawId: text(this.id),
      type: 'public-key',
      authenticatorAttachment: 'platform',
      clientExtensionResults: {},
      response: {
        clientDataJSON: text(clientData),
        authenticatorData: text(authData),
        signature: text(signature),
        userHandle
      }
    }
  }
}
