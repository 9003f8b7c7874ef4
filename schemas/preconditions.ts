import { Type } from '@sinclair/typebox'

const ifMatch = (description: string) =>
  Type.Object({
    'if-match': Type.Optional(
      Type.String({ maxLength: 200, pattern: '^[^\\u0000]*$', description, examples: ['"1"'] })
    )
  })

/** The header that names the state which a change is meant for. Without it the answer is 428. */
export const IfMatch = ifMatch('The ETag that was read.')

/** The header that names the state which a change is meant for. Without it any will do. */
export const OptionalIfMatch = ifMatch(
  'The ETag that was read: nothing is changed once it is another. Without it the change is made whatever the state.'
)
