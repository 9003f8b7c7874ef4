import { type Static, Type } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import type { PasskeyAssertion, PasskeyRegistration } from '../../schemas/passkeys.ts'
import type { Site } from './site.ts'

/** The algorithms that a passkey may sign with (COSE): Ed25519, ECDSA with P-256, and RSA for what has no other. */
export const algorithms = [-8, -7, -257]

/** The longest id of a credential, in base64url. */
const longestId = 1364

/** Loading it takes a third of a second and 27 MB, which whoever uses no passkeys does not pay. */
const library = () => import('@simplewebauthn/server')
const helpers = () => import('@simplewebauthn/server/helpers')

/** What a browser says it was asked, as far as it is read here (WebAuthn, section 5.8.1). */
const ClientData = Type.Object({
  challenge: Type.String({ maxLength: 64 }),
  crossOrigin: Type.Optional(Type.Boolean()),
  topOrigin: Type.Optional(Type.String())
})

/**
 * The challenge that a browser's answer is to, or undefined where that cannot be read, or comes from a page within
 * another site's: there nobody sees where they sign in.
 */
export function challengeIn(clientDataJSON: string): string | undefined {
  try {
    const data: unknown = JSON.parse(Buffer.from(clientDataJSON, 'base64url').toString('utf8'))
    if (!Value.Check(ClientData, data) || data.crossOrigin === true || data.topOrigin !== undefined)
      return undefined
    return data.challenge
  } catch {
    return undefined
  }
}

type Registration = Static<typeof PasskeyRegistration>

/** A signature in form, of nothing: two ones (RFC 3279, section 2.2.3). */
const noSignature = new Uint8Array([0x30, 6, 2, 1, 1, 2, 1, 1])

/** Lets a key pass that signatures can be verified with: any other would sign nobody in. @throws for what is none */
async function requireKey(credentialPublicKey: Uint8Array<ArrayBuffer>) {
  const { verifySignature } = await helpers()
  await verifySignature({ signature: noSignature, data: noSignature, credentialPublicKey })
}

/**
 * The same registration without its attestation. None is asked for, and nobody is vouched for by one that comes all the
 * same; so no certificate of a stranger's is read, and no address in one is called.
 */
async function withoutAttestation({ attestationObject, clientDataJSON }: Registration['response']) {
  const { decodeAttestationObject, isoBase64URL, isoCBOR } = await helpers()
  const object = decodeAttestationObject(isoBase64URL.toBuffer(attestationObject))
  const bare = new Map<string, string | Map<never, never> | Uint8Array>([
    ['fmt', 'none'],
    ['attStmt', new Map<never, never>()],
    ['authData', object.get('authData')]
  ])
  return { clientDataJSON, attestationObject: isoBase64URL.fromBuffer(isoCBOR.encode(bare)) }
}

/**
 * Verifies a registration (WebAuthn, section 7.1): made for this site, on one of its pages, by somebody who was verified,
 * in answer to this challenge. Answers the passkey, with what it is stored as. @throws saying what is wrong, for the log
 */
export async function verifyRegistration(site: Site, challenge: string, registration: Registration) {
  const { verifyRegistrationResponse } = await library()
  const { id, rawId, type } = registration
  const { verified, registrationInfo: info } = await verifyRegistrationResponse({
    response: {
      id,
      rawId,
      type,
      clientExtensionResults: {},
      response: await withoutAttestation(registration.response)
    },
    expectedChallenge: challenge,
    expectedOrigin: site.origins,
    expectedRPID: site.rpId,
    requireUserVerification: true,
    supportedAlgorithmIDs: algorithms
  })
  if (!verified) throw new Error('The registration was not verified')
  const { credential, aaguid, credentialDeviceType, credentialBackedUp } = info
  if (credential.id !== id) throw new Error('The authenticator names another credential')
  if (id.length > longestId) throw new Error('The id of the credential is too long')
  await requireKey(credential.publicKey)
  return {
    credential_id: id,
    rp_id: site.rpId,
    public_key: Buffer.from(credential.publicKey).toString('base64url'),
    counter: credential.counter,
    transports: JSON.stringify([...new Set(registration.response.transports)]),
    backup_eligible: Number(credentialDeviceType === 'multiDevice'),
    backed_up: Number(credentialBackedUp),
    aaguid
  }
}

/**
 * What a passkey stands for (RFC 8176): a key in hardware, or one that may be copied to other devices, and somebody who was
 * there and verified.
 */
export const methodsProven = ({ backup_eligible }: { backup_eligible: number }) => [
  backup_eligible === 1 ? 'swk' : 'hwk',
  'user',
  'mfa'
]

/** What of a stored passkey an assertion is verified with. */
interface Known {
  credential_id: string
  public_key: string
  backup_eligible: number
}

/**
 * Verifies an assertion (WebAuthn, section 7.2) but for its counter, which the transaction compares. Answers the counter,
 * and whether the passkey is backed up. @throws saying what is wrong, for the log
 */
export async function verifyAssertion(
  site: Site,
  challenge: string,
  { id, rawId, type, response }: Static<typeof PasskeyAssertion>,
  passkey: Known
) {
  const { verifyAuthenticationResponse } = await library()
  const { clientDataJSON, authenticatorData, signature } = response
  const { verified, authenticationInfo: info } = await verifyAuthenticationResponse({
    response: {
      id,
      rawId,
      type,
      clientExtensionResults: {},
      response: { clientDataJSON, authenticatorData, signature }
    },
    expectedChallenge: challenge,
    expectedOrigin: site.origins,
    expectedRPID: site.rpId,
    requireUserVerification: true,
    credential: {
      id: passkey.credential_id,
      publicKey: new Uint8Array(Buffer.from(passkey.public_key, 'base64url')),
      counter: 0
    }
  })
  if (!verified) throw new Error('The signature is wrong')
  if (Number(info.credentialDeviceType === 'multiDevice') !== passkey.backup_eligible)
    throw new Error('The passkey says that it may be copied, or not, other than when it was made')
  return { counter: info.newCounter, backed_up: Number(info.credentialBackedUp) }
}
