import { Type } from '@sinclair/typebox'
import { PermissionName } from './access.ts'
import { pageMembers } from './page.ts'
import { RequestsPerMinute, RoleName } from './roles.ts'
import { Id, ref, SessionId, StringEnum, Timestamp } from './types.ts'

/** A username: 3 to 50 letters, marks or digits of any script and `. _ @ + -`, the first a letter or digit. */
export const Username = Type.String({
  minLength: 3,
  maxLength: 50,
  pattern: '^[\\p{L}\\p{N}][\\p{L}\\p{M}\\p{N}._@+-]*$',
  description:
    '3 to 50 letters, marks or digits of any script and `. _ @ + -`, beginning with a letter or a digit. Kept in Unicode form NFKC; unique without regard to case.',
  examples: ['ada']
})

/** A disabled account keeps its name and history, but nobody can act as it. */
export const UserStatus = StringEnum(['active', 'disabled'], { examples: ['active'] })

/** As stored. */
export const UserRow = Type.Object({
  id: Id,
  username: Username,
  /** What makes a username unique: its NFKC form without case. */
  username_key: Type.String(),
  password_hash: Type.String(),
  role: RoleName,
  status: UserStatus,
  /** Counts the changes; the account's ETag. */
  version: Type.Integer(),
  created_at: Timestamp,
  updated_at: Timestamp
})

/** As shown. */
export const User = Type.Pick(UserRow, ['id', 'username', 'role', 'status', 'created_at', 'updated_at'], {
  $id: 'User',
  additionalProperties: false
})

/** A page of accounts, as shown. */
export const UserPage = Type.Object(
  {
    users: Type.Array(ref(User), { maxItems: 200 }),
    ...pageMembers
  },
  { $id: 'UserPage', additionalProperties: false }
)

/** A password that is to be set: 8 to 72 bytes in UTF-8, without rules of composition (NIST SP 800-63B). */
export const NewPassword = Type.String({
  minLength: 8,
  maxLength: 72,
  format: 'password',
  description: 'At least 8 characters and at most 72 bytes in UTF-8; a common one is refused.',
  examples: ['a walk in the early rain']
})

/** A password that is to be compared; whatever it is, comparing it takes the same time. */
export const GivenPassword = Type.String({ maxLength: 1024, format: 'password', examples: ['password123'] })

/** As accepted by POST /users. */
export const NewUser = Type.Object(
  { username: Username, password: NewPassword, role: RoleName },
  { $id: 'NewUser', additionalProperties: false }
)

/** As accepted by POST /register: the role is not the caller's to choose. */
export const Registration = Type.Object(
  { username: Username, password: NewPassword },
  { $id: 'Registration', additionalProperties: false }
)

/** As accepted by PATCH /users/{id}. */
export const UserChanges = Type.Partial(Type.Pick(UserRow, ['username', 'role', 'status']), {
  $id: 'UserChanges',
  additionalProperties: false,
  minProperties: 1
})

/** As accepted by PATCH /me. */
export const OwnChanges = Type.Object(
  { username: Username },
  { $id: 'OwnChanges', additionalProperties: false }
)

/** As accepted by PUT /me/password. */
export const PasswordChange = Type.Object(
  { current_password: GivenPassword, new_password: NewPassword },
  { $id: 'PasswordChange', additionalProperties: false }
)

/** As accepted by POST /users/{id}/password. */
export const PasswordReset = Type.Object(
  { password: NewPassword },
  { $id: 'PasswordReset', additionalProperties: false }
)

/** The caller's own account, with what it may do. */
export const Me = Type.Object(
  {
    ...User.properties,
    permissions: Type.Array(PermissionName, { maxItems: 100, uniqueItems: true }),
    requests_per_minute: RequestsPerMinute,
    session_id: SessionId
  },
  { $id: 'Me', additionalProperties: false }
)

/** The path parameter of one account. */
export const UserParams = Type.Object({ id: Id }, { additionalProperties: false })

/** The header that names the state which a change is meant for. Without it the answer is 428. */
export const IfMatch = Type.Object({
  'if-match': Type.Optional(
    Type.String({
      maxLength: 200,
      pattern: '^[^\\u0000]*$',
      description: 'The ETag that was read.',
      examples: ['"1"']
    })
  )
})
