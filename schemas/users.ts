import { Type } from '@sinclair/typebox'
import { KeyId } from './api-keys.ts'
import { PermissionName } from './access.ts'
import { Email, Locale } from './mail.ts'
import { pageMembers } from './page.ts'
import { RequestsPerMinute, RoleName } from './roles.ts'
import { byDatabase, Id, Nullable, ref, SessionId, StringEnum, Timestamp } from './types.ts'

/** What a username is: letters, marks or digits of any script and `. _ @ + -`, the first a letter or digit. */
export const usernameForm = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}._@+-]*$/u

/** From `{` on, what is plainly no letter, mark or digit: most punctuation, symbols, controls and private use. */
const noLetters =
  '\\u007b-\\u00a9\\u00ab-\\u00b1\\u00b4\\u00b6-\\u00b8\\u00bb\\u00bf\\u00d7\\u00f7\\u2000-\\u206f\\u20a0-\\u20cf\\u2190-\\u245f\\u2500-\\u2775\\u2794-\\u2bff\\u3000-\\u3004\\u3008-\\u3020\\ue000-\\uf8ff\\uff00-\\uff0f\\uff1a-\\uff20\\ufff0-\\uffff'

/** The pattern of usernames that hold none of the characters from `:` to `last`. */
const usernamePattern = (last: string) =>
  `^[^\\u0000-\\u002f\\u003a-\\u0040\\u005b-\\u0060${noLetters}][^\\u0000-\\u002a\\u002c\\u002f\\u003a-${last}\\u005b-\\u005e\\u0060${noLetters}]*$`

/**
 * A username, as far as a pattern can say it that means the same with and without the flag `u`, which generated clients
 * leave out: `\p{L}` would refuse every name there, and letters beyond U+FFFF are two units. It takes every username, and
 * of all else what is rare; usernameForm has the last word.
 */
export const Username = Type.String({
  minLength: 3,
  maxLength: 50,
  pattern: usernamePattern('\\u003f'),
  description:
    '3 to 50 letters, marks or digits of any script and `. _ @ + -`, beginning with a letter or a digit. Kept in Unicode form NFKC; unique without regard to case.',
  examples: ['ada']
})

/** A new username: an @ would make it look like an address. Names from before may have one. */
export const NewUsername = Type.String({
  ...Username,
  pattern: usernamePattern('\\u0040'),
  description:
    '3 to 50 letters, marks or digits of any script and `. _ + -`, beginning with a letter or a digit. Kept in Unicode form NFKC; unique without regard to case.'
})

/** A disabled account keeps its name and history, but nobody can act as it. */
export const UserStatus = StringEnum(['active', 'disabled'], { examples: ['active'] })

/** A person signs in; a service acts with keys alone. */
export const UserKind = StringEnum(['person', 'service'], {
  description: 'A person signs in; a service has no password and acts with keys alone.',
  examples: ['person']
})

/** As stored. */
export const UserRow = Type.Object({
  id: byDatabase(Id),
  username: Username,
  /** What makes a username unique: its NFKC form without case. */
  username_key: Type.String(),
  password_hash: Type.String(),
  role: RoleName,
  status: byDatabase(UserStatus),
  /** Counts the changes; the account's ETag. */
  version: byDatabase(Type.Integer()),
  created_at: Timestamp,
  updated_at: Timestamp,
  email: Nullable({ ...Email, description: 'The verified address of mail.' }),
  /** What makes an address unique once it is verified: its form without case. */
  email_key: Nullable(Type.String()),
  email_verified_at: Nullable(Timestamp),
  locale: byDatabase(Locale),
  /** 1 while the password is one that an administrator has chosen. */
  must_change_password: byDatabase(Type.Integer()),
  /** What authenticators know it by; drawn with its first passkey. */
  passkey_handle: byDatabase(Nullable(Type.String())),
  kind: byDatabase(UserKind)
})

/** What of an account anybody is shown who may see it. */
export const shownColumns = [
  'id',
  'username',
  'role',
  'status',
  'created_at',
  'updated_at',
  'email',
  'kind'
] as const

/** As shown. */
export const User = Type.Pick(UserRow, shownColumns, { $id: 'User', additionalProperties: false })

/** A page of accounts, as shown. */
export const UserPage = Type.Object(
  {
    users: Type.Array(ref(User), { maxItems: 200 }),
    ...pageMembers
  },
  { $id: 'UserPage', additionalProperties: false }
)

/** A password that is to be set: 8 to 256 characters, without rules of composition (NIST SP 800-63B). */
export const NewPassword = Type.String({
  minLength: 8,
  maxLength: 256,
  format: 'password',
  description: '8 to 256 characters, whichever you like; a common one is refused.',
  examples: ['a walk in the early rain']
})

/** A password that is to be compared; whatever it is, comparing it takes the same time. */
export const GivenPassword = Type.String({ maxLength: 1024, format: 'password', examples: ['password123'] })

/** As accepted by POST /users. */
export const NewUser = Type.Object(
  {
    username: NewUsername,
    password: Type.Optional({ ...NewPassword, description: 'Of a person; a service has none.' }),
    role: RoleName,
    kind: Type.Optional({ ...UserKind, default: 'person' })
  },
  { $id: 'NewUser', additionalProperties: false }
)

/** As accepted by POST /register: the role is not the caller's to choose. */
export const Registration = Type.Object(
  { username: NewUsername, password: NewPassword },
  { $id: 'Registration', additionalProperties: false }
)

/** As accepted by PATCH /users/{id}. */
export const UserChanges = Type.Partial(
  Type.Object({ username: NewUsername, role: RoleName, status: UserStatus }),
  { $id: 'UserChanges', additionalProperties: false, minProperties: 1 }
)

/** As accepted by PATCH /me. */
export const OwnChanges = Type.Partial(Type.Object({ username: NewUsername, locale: Locale }), {
  $id: 'OwnChanges',
  additionalProperties: false,
  minProperties: 1
})

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
    pending_email: Nullable({ ...Email, description: 'An address that waits for being confirmed.' }),
    locale: Locale,
    permissions: Type.Array(PermissionName, { maxItems: 100, uniqueItems: true }),
    requests_per_minute: RequestsPerMinute,
    mfa_enrolment_needed: Type.Boolean({
      description:
        'Whether your role needs a second factor and you have none: until then you can only add it.',
      examples: [false]
    }),
    session_id: Nullable({ ...SessionId, description: 'The session of this call; null with a key.' }),
    key_id: Nullable({ ...KeyId, description: 'The key of this call; null with a session.' })
  },
  { $id: 'Me', additionalProperties: false }
)

/** The path parameter of one account. */
export const UserParams = Type.Object(
  { id: { ...Id, description: 'The id of the account.' } },
  { additionalProperties: false }
)
