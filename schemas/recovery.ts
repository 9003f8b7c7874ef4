import { Type } from '@sinclair/typebox'
import { Email, OneTimeToken } from './mail.ts'
import { GivenPassword, NewPassword } from './users.ts'

/** As accepted by POST /recover. */
export const RecoveryRequest = Type.Object(
  {
    username: Type.String({
      minLength: 1,
      maxLength: 256,
      pattern: '^[^\\u0000]*$',
      description: 'The username, or the verified address of the account.',
      examples: ['ada@example.com']
    })
  },
  { $id: 'RecoveryRequest', additionalProperties: false }
)

/** As accepted by POST /recover/complete. */
export const RecoveryCompletion = Type.Object(
  { token: OneTimeToken, new_password: NewPassword },
  { $id: 'RecoveryCompletion', additionalProperties: false }
)

/** As accepted by PUT /me/email. */
export const EmailChange = Type.Object(
  { email: Email, current_password: GivenPassword },
  { $id: 'EmailChange', additionalProperties: false }
)
