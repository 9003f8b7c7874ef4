import { type Static, Type } from '@sinclair/typebox'

const text = { maxLength: 1000, pattern: '^[^\\u0000]*$' }

/** RFC 9457 problem details, with the members that the guide documents for its errors standing beside them. */
export const Problem = Type.Object(
  {
    type: Type.String({
      maxLength: 200,
      pattern: '^/problems/[a-z0-9-]+$',
      description: 'A path of this server that explains the problem.',
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
  'errors' | 'permission' | 'error' | 'message' | 'msg'
>
