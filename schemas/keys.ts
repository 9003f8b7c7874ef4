import { Type } from '@sinclair/typebox'
import { StringEnum } from './types.ts'

const base64url = (description: string) =>
  Type.Optional(
    Type.String({
      maxLength: 1_400,
      pattern: '^[A-Za-z0-9_-]+$',
      description,
      examples: ['_cC2j33Jeq8V90Gf8jEp0wCPw9hwzWZJS2PN9F8-yzQ']
    })
  )

/** The algorithms of keys that have a public half. */
export const publicAlgorithms = ['EdDSA', 'ES256', 'RS256'] as const

/** A public key, as shown: a JSON Web Key (RFC 7517, section 4). */
export const PublicKey = Type.Object(
  {
    kid: Type.String({ maxLength: 64, pattern: '^[A-Za-z0-9._-]+$', examples: ['2026-01-31T09-30-00Z'] }),
    kty: StringEnum(['OKP', 'EC', 'RSA'], { examples: ['OKP'] }),
    alg: StringEnum(publicAlgorithms, { examples: ['EdDSA'] }),
    use: StringEnum(['sig'], { examples: ['sig'] }),
    crv: Type.Optional(StringEnum(['Ed25519', 'P-256'], { examples: ['Ed25519'] })),
    x: base64url('The public key, or its x coordinate.'),
    y: base64url('The y coordinate of an EC key.'),
    n: base64url('The modulus of an RSA key.'),
    e: base64url('The exponent of an RSA key.')
  },
  { additionalProperties: false }
)

/** The public keys of access tokens, as shown: a JSON Web Key Set (RFC 7517, section 5). */
export const KeySet = Type.Object(
  { keys: Type.Array(PublicKey, { maxItems: 100 }) },
  { title: 'KeySet', description: 'The public keys.', additionalProperties: false }
)
