import { type Static, Type } from '@sinclair/typebox'

/** What the second step of a sign-in goes on with: opaque, 32 bytes in base64url. */
export const Challenge = Type.String({
  maxLength: 43,
  pattern: '^[A-Za-z0-9_-]{43}$',
  description: 'From the answer MFA_REQUIRED of POST /login.',
  examples: ['Wd5k0v1lJ9q4W8tB2nY6xR5cK7hD0sFgUaEoIiMjLkQ']
})

const text = { maxLength: 1000, pattern: '^[^\\u0000]*$' }

/** RFC 9457 problem details, with the members that the guide documents for its errors standing beside them. */
export const Problem = Type.Object(
  {
    type: Type.String({
      maxLength: 500,
      pattern: '^(about:blank|(https?://[^\\s]+)?/problems/[a-z0-9-]+)$',
      description:
        'Where the problem is explained: a path of this server, below its public address if it has one. `about:blank` says no more than the status.',
      examples: ['/problems/not-found']
    }),
    title: Type.String({
      ...text,
      description: 'The kind of problem, in a few words.',
      examples: ['Not found']
    }),
    status: Type.Integer({ minimum: 400, maximum: 599, format: 'int32', examples: [404] }),
    detail: Type.String({
      ...text,
      description: 'What happened this time.',
      examples: ['Nothing is at /nowhere.']
    }),
    code: Type.String({
      maxLength: 100,
      pattern: '^[A-Z][A-Z0-9_]*$',
      description: 'Stable; the member to program against.',
      examples: ['NOT_FOUND']
    }),
    request_id: Type.String({
      maxLength: 64,
      pattern: '^[A-Za-z0-9._-]+$',
      description: 'Names this request in the log of the server.',
      examples: ['k3v9x2-1f']
    }),
    errors: Type.Optional(
      Type.Array(
        Type.Object(
          {
            path: Type.String({
              ...text,
              description: 'Where, as a JSON Pointer below `/body`, `/query` or `/path`.',
              examples: ['/body/username']
            }),
            message: Type.String({ ...text, examples: ['must be string'] })
          },
          { additionalProperties: false }
        ),
        { maxItems: 20, description: 'What is wrong with the request, one entry a place.' }
      )
    ),
    permission: Type.Optional(
      Type.String({ ...text, description: 'The permission that was missing.', examples: ['users:read'] })
    ),
    challenge: Type.Optional({ ...Challenge, description: 'What POST /login/verification takes.' }),
    methods: Type.Optional(
      Type.Array(Type.String({ maxLength: 40, pattern: '^[a-z_]+$', examples: ['code'] }), {
        maxItems: 10,
        description: 'By what the account proves who it is: members of the request that brings the proof.',
        examples: [['code', 'recovery_code']]
      })
    ),
    expires_in: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 86_400,
        format: 'int32',
        description: 'Seconds for which the challenge is good.',
        examples: [300]
      })
    ),
    error: Type.Optional(Type.String({ ...text, examples: ['Invalid credentials'] })),
    message: Type.Optional(
      Type.String({ ...text, examples: ['Rate limit exceeded. Try again in 60 seconds.'] })
    ),
    msg: Type.Optional(Type.String({ ...text, examples: ['Missing Authorization Header'] }))
  },
  { $id: 'Problem', additionalProperties: false, description: 'RFC 9457 problem details.' }
)

/** What may stand in a problem beside the RFC's members. */
export type ProblemExtensions = Pick<
  Static<typeof Problem>,
  'errors' | 'permission' | 'challenge' | 'methods' | 'expires_in' | 'error' | 'message' | 'msg'
>
