import { Type } from '@sinclair/typebox'
import { pageMembers } from './page.ts'
import { RoleName } from './roles.ts'
import { Id, ref, StringEnum, Timestamp } from './types.ts'

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
