import { Type } from '@sinclair/typebox'
import { pageMembers } from './page.ts'
import { RoleName } from './roles.ts'
import { byDatabase, Id, Nullable, ref, StringEnum, Timestamp } from './types.ts'

/** The key of a row, drawn at random. */
const Key = Type.String({
  format: 'uuid',
  maxLength: 36,
  examples: ['7d1c0a52-9a4e-4c3f-8b1d-2c6f5e7a9b30']
})

/** An address of mail, as it is shown; core/mail/address.ts judges it. */
export const Email = Type.String({
  minLength: 3,
  maxLength: 254,
  pattern: '^[^@\\s\\u0000-\\u001f\\u007f]+@[^@\\s\\u0000-\\u001f\\u007f]+$',
  description: 'An address of mail: one @, at most 254 characters. A domain in Unicode is kept in ASCII.',
  examples: ['ada@example.com']
})

/** The language of mails. */
export const Locale = StringEnum(['en', 'de'], {
  description: 'The language in which mails are written.',
  examples: ['en']
})

/** What a token in a link is good for. */
export const tokenPurposes = ['verification', 'undo', 'recovery', 'invitation'] as const

/** As stored: what a link in a mail is good for, once. */
export const OneTimeTokenRow = Type.Object({
  id: Key,
  purpose: StringEnum(tokenPurposes),
  /** The hashes of the token that was sent last and of the one before. */
  hash: Nullable(Type.String()),
  prior_hash: Nullable(Type.String()),
  user_id: Nullable(Id),
  email: Type.String(),
  email_key: Type.String(),
  role: Nullable(RoleName),
  invited_by: Nullable(Id),
  created_at: Timestamp,
  expires_at: Timestamp
})

/** What mails are about. */
export const MailKind = StringEnum(
  [
    'verification',
    'undo',
    'recovery',
    'invitation',
    'password',
    'device',
    'theft',
    'key',
    'passkey_added',
    'passkey_removed',
    'passkey_cloned',
    'factor_added',
    'factor_removed',
    'recovery_code',
    'recovery_codes',
    'test'
  ],
  { description: 'What the mail is about.', examples: ['recovery'] }
)

/** As stored: a mail that is to be sent, was sent, or was given up. There is no secret in it. */
export const MailRow = Type.Object({
  id: Key,
  kind: MailKind,
  user_id: Nullable(Id),
  token_id: Nullable(Key),
  email: Nullable(Email),
  locale: Locale,
  /** What the mail says beside names, as JSON. */
  details: Type.String(),
  attempts: byDatabase(
    Type.Integer({
      minimum: 0,
      maximum: 1000,
      format: 'int32',
      description: 'How often it was tried.',
      examples: [1]
    })
  ),
  created_at: Timestamp,
  next_at: Nullable({ ...Timestamp, description: 'When it is tried next; null when it is not any more.' }),
  sent_at: Nullable({ ...Timestamp, description: 'When the mail server took it.' }),
  failed_at: Nullable({ ...Timestamp, description: 'When it was given up.' }),
  error: Nullable(
    Type.String({
      maxLength: 300,
      pattern: '^[^\\u0000]*$',
      description: 'Why the last try failed, as the mail server or the network says.',
      examples: ['451 4.7.1 Try again later']
    })
  )
})

/** As shown. */
export const Mail = Type.Omit(MailRow, ['token_id', 'details'], { $id: 'Mail', additionalProperties: false })

/** A page of mails, newest first. */
export const MailPage = Type.Object(
  { mails: Type.Array(ref(Mail), { maxItems: 200 }), ...pageMembers },
  { $id: 'MailPage', additionalProperties: false }
)

/** As accepted by POST /mail/test. */
export const TestMail = Type.Object(
  { email: Email, locale: Type.Optional(Locale) },
  { $id: 'TestMail', additionalProperties: false }
)

/** As stored: who does what only one process may do. */
export const LeaseRow = Type.Object({ name: Type.String(), holder: Type.String(), expires_at: Timestamp })

/** As stored: a network and a program that an account has signed in with, hashed. */
export const KnownDeviceRow = Type.Object({ user_id: Id, device: Type.String(), last_seen_at: Timestamp })

/** The token of a link: opaque, 32 bytes in base64url. */
export const OneTimeToken = Type.String({
  maxLength: 43,
  pattern: '^[A-Za-z0-9_-]{43}$',
  description: 'From the link in the mail; good for one use.',
  examples: ['Qb3n0v1lJ9q4W8tB2nY6xR5cK7hD0sFgUaEoIiMjLkQ']
})

/** As accepted by POST /email/verify and POST /email/undo. */
export const TokenUse = Type.Object({ token: OneTimeToken }, { $id: 'TokenUse', additionalProperties: false })
