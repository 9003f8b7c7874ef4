import { Type } from '@sinclair/typebox'
import { Passkey, PasskeyAssertion } from './passkeys.ts'
import { Challenge } from './problem.ts'
import { byDatabase, Id, Nullable, ref, StringEnum, Timestamp } from './types.ts'
import { GivenPassword } from './users.ts'

const Key = Type.String({
  format: 'uuid',
  maxLength: 36,
  examples: ['4e0b8c61-2f7d-4b1a-9c35-8d6e7f901234']
})

/** What a factor is: `totp` is an authenticator app, whose codes follow from the time (RFC 6238). */
const FactorKind = StringEnum(['totp'], {
  description: '`totp` is an authenticator app (RFC 6238).',
  examples: ['totp']
})

const FactorName = Type.String({
  minLength: 1,
  maxLength: 50,
  pattern: '^[^\\u0000-\\u001f\\u007f]+$',
  description: 'What its owner knows it by.',
  examples: ['Phone']
})

/** As stored. */
export const FactorRow = Type.Object({
  id: Key,
  user_id: Id,
  kind: FactorKind,
  name: FactorName,
  /** What codes are made from, sealed. */
  secret: Type.String(),
  /** The step of time whose code was used last: it counts no more, nor any before it. */
  last_step: Nullable(Type.Integer()),
  created_at: Timestamp,
  confirmed_at: Nullable({
    ...Timestamp,
    description: 'When a first code of it came; null is that it does not count yet.'
  }),
  last_used_at: Nullable(Timestamp)
})

/** As stored: a code that takes the place of a factor once, hashed. */
export const RecoveryCodeRow = Type.Object({ hash: Type.String(), user_id: Id })

/** As stored: a sign-in whose password was right, and whose second factor is awaited. */
export const ChallengeRow = Type.Object({
  hash: Type.String(),
  user_id: Id,
  /** Which password was right, and the hash of the one that is to take its place. */
  password_digest: Type.String(),
  chosen_hash: Nullable(Type.String()),
  tries: byDatabase(Type.Integer()),
  created_at: Timestamp,
  expires_at: Timestamp
})

/** As shown. */
export const Factor = Type.Omit(FactorRow, ['user_id', 'secret', 'last_step'], {
  $id: 'Factor',
  additionalProperties: false
})

/** What an account has beside its password. */
export const FactorList = Type.Object(
  {
    factors: Type.Array(ref(Factor), { maxItems: 20 }),
    passkeys: Type.Integer({
      minimum: 0,
      maximum: 100,
      format: 'int32',
      description: 'How many passkeys there are, which count as factors too.',
      examples: [1]
    }),
    recovery_codes: Type.Integer({
      minimum: 0,
      maximum: 100,
      format: 'int32',
      description: 'How many recovery codes are left.',
      examples: [10]
    })
  },
  { $id: 'FactorList', additionalProperties: false }
)

/** As accepted by POST /me/factors. */
export const NewFactor = Type.Object(
  { kind: FactorKind, name: FactorName },
  { $id: 'NewFactor', additionalProperties: false }
)

/** A factor with what an app takes it by, which is shown this once. */
export const EnrolledFactor = Type.Object(
  {
    ...Factor.properties,
    secret: Type.String({
      maxLength: 64,
      pattern: '^[A-Z2-7]+$',
      description: 'To be typed into the app (base32).',
      examples: ['JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP']
    }),
    uri: Type.String({
      maxLength: 1000,
      pattern: '^otpauth://totp/',
      description: 'The same as the content of a QR code.',
      examples: [
        'otpauth://totp/Gatehouse:ada?issuer=Gatehouse&secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&algorithm=SHA1&digits=6&period=30'
      ]
    })
  },
  { $id: 'EnrolledFactor', additionalProperties: false }
)

const Code = Type.String({
  maxLength: 6,
  pattern: '^[0-9]{6}$',
  description: 'What the authenticator app shows.',
  examples: ['123456']
})

const RecoveryCode = Type.String({
  maxLength: 60,
  pattern: '^[0-9A-Za-z -]+$',
  description: 'One of the recovery codes; case, spaces and dashes do not matter.',
  examples: ['8Q4ZK2-V7N1XB-0MTR5C-G9HD3J']
})

const codes = Type.Array(RecoveryCode, {
  maxItems: 20,
  description: 'Each signs in once in the place of a factor. They are shown this once: keep them.'
})

/** A passkey that signs in from now on; with the first factor come recovery codes. */
export const RegisteredPasskey = Type.Object(
  { passkey: ref(Passkey), recovery_codes: Type.Optional(codes) },
  { $id: 'RegisteredPasskey', additionalProperties: false }
)

/** As accepted by POST /passkeys/options. */
export const PasskeyUse = Type.Object(
  {
    challenge: Type.Optional({
      ...Challenge,
      description: 'Of the answer `MFA_REQUIRED` of POST /login, to end that sign-in.'
    })
  },
  { $id: 'PasskeyUse', additionalProperties: false }
)

/** As accepted by POST /me/factors/{id}/confirmation. */
export const FactorConfirmation = Type.Object(
  { code: Code },
  { $id: 'FactorConfirmation', additionalProperties: false }
)

/** A factor that counts from now on; with the first one come recovery codes. */
export const ConfirmedFactor = Type.Object(
  { factor: ref(Factor), recovery_codes: Type.Optional(codes) },
  { $id: 'ConfirmedFactor', additionalProperties: false }
)

/** New recovery codes. */
export const RecoveryCodes = Type.Object(
  { recovery_codes: codes },
  { $id: 'RecoveryCodes', additionalProperties: false }
)

/** The path parameter of one factor. */
export const FactorParams = Type.Object(
  { id: { ...Key, description: 'The id of the factor.' } },
  { additionalProperties: false }
)

const factorProofs = {
  code: Type.Optional(Code),
  passkey: Type.Optional(ref(PasskeyAssertion)),
  recovery_code: Type.Optional(RecoveryCode)
}

/** As accepted by POST /me/reauthentication: one proof of who somebody is. */
export const Reauthentication = Type.Object(
  {
    password: Type.Optional({
      ...GivenPassword,
      description: 'The password, of an account that has nothing more.'
    }),
    ...factorProofs
  },
  {
    $id: 'Reauthentication',
    additionalProperties: false,
    minProperties: 1,
    maxProperties: 1,
    description: 'One proof of who you are.'
  }
)

/** As accepted by POST /login/verification: the challenge and one proof. */
export const Verification = Type.Object(
  { challenge: Challenge, ...factorProofs },
  {
    $id: 'Verification',
    additionalProperties: false,
    minProperties: 2,
    maxProperties: 2,
    description: 'The challenge, and one proof of who you are.'
  }
)
