import { Type } from '@sinclair/typebox'
import { StringEnum } from './types.ts'

/** A refresh token: opaque, 256 random bits in base64url. */
export const RefreshToken = Type.String({
  maxLength: 43,
  pattern: '^[A-Za-z0-9_-]{43}$',
  description: 'Opaque; good for one use at POST /refresh.',
  examples: ['pZ0m3v1lJ9q4W8tB2nY6xR5cK7hD0sFgUaEoIiMjLkQ']
})

/** What a sign-in and a refresh answer (RFC 6749, section 5.1). */
export const TokenPair = Type.Object(
  {
    access_token: Type.String({
      maxLength: 4096,
      pattern: '^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+$',
      description: 'A JWT; send it as `Authorization: Bearer …`.',
      examples: ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dGhlLXNpZ25hdHVyZQ']
    }),
    refresh_token: RefreshToken,
    token_type: StringEnum(['Bearer'], { examples: ['Bearer'] }),
    expires_in: Type.Integer({
      minimum: 1,
      maximum: 86_400,
      format: 'int32',
      description: 'Seconds until the access token expires.',
      examples: [3600]
    })
  },
  { $id: 'TokenPair', additionalProperties: false }
)

/** What POST /login takes. */
export const Credentials = Type.Object(
  {
    username: Type.String({ maxLength: 256, pattern: '^[^\\u0000]*$', examples: ['ada'] }),
    password: Type.String({
      maxLength: 1024,
      format: 'password',
      examples: ['correct horse battery staple']
    })
  },
  { $id: 'Credentials', additionalProperties: false }
)

/** What POST /refresh takes when the token does not come in the header. */
export const RefreshRequest = Type.Object(
  { refresh_token: Type.Optional(RefreshToken) },
  { $id: 'RefreshRequest', additionalProperties: false }
)

/** The claims of an access token (RFC 7519, section 4.1, and our own). */
export interface AccessClaims {
  /** The account's id, as a string. */
  sub: string
  /** The session that the token belongs to. */
  sid: string
  username: string
  role: string
  jti: string
  iat: number
  exp: number
  iss: string
  aud: string
}
