import { Type } from '@sinclair/typebox'
import { StringEnum } from './types.ts'

/** As accepted by POST /introspection, as a form (RFC 7662, section 2.1). */
export const IntrospectionRequest = Type.Object(
  {
    token: Type.String({
      minLength: 1,
      maxLength: 8192,
      pattern: '^[^\\u0000]*$',
      description: 'What was sent to you as `Authorization: Bearer …`: an access token or a key.',
      examples: ['gh_4fKq0ZbT7xLm_0000000000000000000000000000000000000000000000000']
    }),
    token_type_hint: Type.Optional(
      Type.String({
        maxLength: 50,
        pattern: '^[^\\u0000]*$',
        description: 'Taken, and not needed.',
        examples: ['access_token']
      })
    )
  },
  { $id: 'IntrospectionRequest', additionalProperties: false }
)

const text = (maxLength: number, description: string, example: string) =>
  Type.Optional(Type.String({ maxLength, pattern: '^[^\\u0000]*$', description, examples: [example] }))

/** Whether a token counts here now, and whose it is (RFC 7662, section 2.2). */
export const Introspection = Type.Object(
  {
    active: Type.Boolean({
      description: 'Whether it would be let in here now. If not, nothing else is said.'
    }),
    token_type: Type.Optional(
      StringEnum(['access_token', 'api_key'], { description: 'What it is.', examples: ['api_key'] })
    ),
    sub: text(10, 'The id of the account.', '7'),
    username: text(50, 'The name of the account.', 'ada'),
    role: text(50, 'The role of the account.', 'user'),
    scope: text(4000, 'What it may do: permissions, with a space between.', 'users:read'),
    exp: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        format: 'int64',
        description: 'When it ends at the latest, in seconds since the epoch.',
        examples: [1_798_761_600]
      })
    ),
    iss: text(100, 'Who has issued it.', 'gatehouse'),
    sid: text(36, 'The session of an access token.', '0b6f2f52-6f4e-4f0f-9d2b-1c3f5a7e9b10'),
    client_id: text(12, 'The id of a key.', '4fKq0ZbT7xLm'),
    allowed_networks: Type.Optional(
      Type.Array(Type.String({ maxLength: 49, pattern: '^[0-9a-f:./]+$' }), {
        maxItems: 50,
        description: 'From where alone a key may be used, if it says so: you know where it came from.',
        examples: [['203.0.113.0/24']]
      })
    )
  },
  { $id: 'Introspection', additionalProperties: false }
)
