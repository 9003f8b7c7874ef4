import { Type } from '@sinclair/typebox'
import { StringEnum } from './types.ts'
import { NewPassword } from './users.ts'

/** A refresh token: opaque, 32 bytes in base64url. */
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
    refresh_token: Type.Optional({
      ...RefreshToken,
      description: 'Opaque; good for one use at POST /refresh. Left out when a cookie holds it.'
    }),
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
    username: Type.String({
      maxLength: 256,
      pattern: '^[^\\u0000]*$',
      description: 'The username, or the verified address of the account.',
      examples: ['ada']
    }),
    password: Type.String({
      maxLength: 1024,
      format: 'password',
      examples: ['correct horse battery staple']
    }),
    new_password: Type.Optional({
      ...NewPassword,
      description:
        'Takes the place of the password with this sign-in: an account needs it whose password an administrator has chosen.'
    })
  },
  { $id: 'Credentials', additionalProperties: false }
)

/** Where POST /login puts the refresh token. */
export const RefreshPlace = Type.Object(
  {
    refresh: Type.Optional(
      StringEnum(['body', 'cookie'], {
        default: 'body',
        description:
          'Where the refresh token goes: into the answer, or, for a page of this origin, into a cookie that no script reads and POST /refresh takes.',
        examples: ['body']
      })
    )
  },
  { additionalProperties: false }
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
  /** Which exchange of the session's refresh token it comes from; none for a sign-in. */
  gen?: number
  username: string
  role: string
  /** When they had last proved who they are, and by what (RFC 9068, section 2.2.1); what counts here is the session itself. */
  auth_time: number
  amr: string[]
  jti: string
  iat: number
  exp: number
  iss: string
  aud: string
}
