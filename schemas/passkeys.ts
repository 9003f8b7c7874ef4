import { Type } from '@sinclair/typebox'
import { Id, LongId, Nullable, ref, StringEnum, Timestamp } from './types.ts'

/** So many passkeys an account has at most. */
export const mostPasskeys = 20

/** The longest id of a credential, 1023 bytes (WebAuthn, section 5.8.3), in base64url. */
const longestId = 1364

/** Bytes as WebAuthn has them in JSON: base64url without padding. */
const Bytes = (maxLength: number, example: string, description?: string) =>
  Type.String({
    minLength: 1,
    maxLength,
    pattern: '^[A-Za-z0-9_-]+$',
    ...(description && { description }),
    examples: [example]
  })

const CredentialId = Bytes(
  longestId,
  'yYtIYuAZ8nTQ0Pi3mzbJOA',
  'What the authenticator calls the passkey, in base64url.'
)

/** The host that a passkey is made for. */
const Host = Type.String({ maxLength: 253, pattern: '^[a-z0-9.-]+$', examples: ['id.example.com'] })

const PasskeyId = Type.String({
  format: 'uuid',
  maxLength: 36,
  examples: ['3e0a7c5d-8f21-4b6e-9d4c-5a7b1f2e8c90']
})

const PasskeyName = Type.String({
  minLength: 1,
  maxLength: 100,
  pattern: '^[^\\u0000-\\u001f\\u007f]*[^\\u0000-\\u0020\\u007f][^\\u0000-\\u001f\\u007f]*$',
  description: 'What its owner calls it.',
  examples: ['Firefox, Linux']
})

/** How an authenticator can be reached; those that are not known yet are kept as well. */
const Transports = Type.Array(
  Type.String({ maxLength: 32, pattern: '^[a-z0-9-]+$', examples: ['internal'] }),
  { maxItems: 10, description: 'How the authenticator can be reached.' }
)

/** As stored. */
export const PasskeyRow = Type.Object({
  id: PasskeyId,
  user_id: Id,
  credential_id: CredentialId,
  /** The host that it was made for: it works nowhere else. */
  rp_id: Type.String({ maxLength: 253 }),
  /** The public key in COSE, in base64url. */
  public_key: Type.String(),
  /** The highest signature counter seen; 0 of those that do not count. */
  counter: LongId,
  /** As JSON. */
  transports: Type.String(),
  /** 1 where it may be copied to other devices of its owner, and where it was. */
  backup_eligible: Type.Integer(),
  backed_up: Type.Integer(),
  aaguid: Type.String({
    format: 'uuid',
    maxLength: 36,
    description: 'The model of the authenticator, as it says itself; nobody vouches for it.',
    examples: ['08987058-cadc-4b81-b6e1-30de50dcbe96']
  }),
  name: PasskeyName,
  created_at: Timestamp,
  last_used_at: Nullable(Timestamp)
})

/** As stored: a challenge that was used, until it would not be good any more. */
export const PasskeyChallengeRow = Type.Object({ hash: Type.String(), expires_at: Timestamp })

/** As shown to its owner. */
export const Passkey = Type.Object(
  {
    ...Type.Pick(PasskeyRow, ['id', 'credential_id', 'name', 'aaguid', 'created_at', 'last_used_at'])
      .properties,
    transports: Transports,
    backup_eligible: Type.Boolean({
      description: 'Whether it may be copied to other devices of its owner; one that may not is in hardware.',
      examples: [true]
    }),
    backed_up: Type.Boolean({ description: 'Whether it was copied.', examples: [true] })
  },
  { $id: 'Passkey', additionalProperties: false }
)

const handle = 'dGhlIGhhbmRsZSBvZiBhbiBhY2NvdW50OiBzaXh0eS1mb3VyIGJ5dGVzIGRyYXduIGF0IHJhbmRvbQ'

const UserHandle = Bytes(86, handle, 'What authenticators know the account by: 64 random bytes.')

/** All of an account's. */
export const PasskeyList = Type.Object(
  {
    passkeys: Type.Array(ref(Passkey), { maxItems: mostPasskeys }),
    rp_id: Nullable({
      ...Host,
      description: 'The host that passkeys are made for here; null where there can be none.'
    }),
    user_handle: Nullable(UserHandle)
  },
  { $id: 'PasskeyList', additionalProperties: false }
)

/** As accepted by PATCH /me/passkeys/{id}. */
export const PasskeyChanges = Type.Object(
  { name: PasskeyName },
  { $id: 'PasskeyChanges', additionalProperties: false }
)

export const PasskeyParams = Type.Object(
  { id: { ...PasskeyId, description: 'The id of the passkey, as your list shows it.' } },
  { additionalProperties: false }
)

const PublicKeyType = StringEnum(['public-key'], { examples: ['public-key'] })

const Challenge = Bytes(
  43,
  'aSFu0bX0J1o3bUo4c1lqZ2Z6U2k5a3R5dWlvcGFzZGY',
  'Good once, for five minutes, and for this alone.'
)

const Timeout = Type.Integer({
  minimum: 1,
  maximum: 600_000,
  format: 'int32',
  description: 'Milliseconds.',
  examples: [300_000]
})

/** A passkey that a browser is told of (WebAuthn, section 5.8.3). */
export const PasskeyDescriptor = Type.Object(
  { id: CredentialId, type: PublicKeyType, transports: Transports },
  { $id: 'PasskeyDescriptor', additionalProperties: false }
)

const Verification = StringEnum(['required'], { examples: ['required'] })

/** What `PublicKeyCredential.parseCreationOptionsFromJSON` takes (WebAuthn, section 5.1.10). */
export const PasskeyCreationOptions = Type.Object(
  {
    rp: Type.Object(
      {
        id: Host,
        name: Host
      },
      { additionalProperties: false }
    ),
    user: Type.Object(
      {
        id: UserHandle,
        name: Type.String({ maxLength: 50, pattern: '^[^\\u0000]*$', examples: ['ada'] }),
        displayName: Type.String({ maxLength: 50, pattern: '^[^\\u0000]*$', examples: ['ada'] })
      },
      { additionalProperties: false }
    ),
    challenge: Challenge,
    pubKeyCredParams: Type.Array(
      Type.Object(
        {
          type: PublicKeyType,
          alg: Type.Integer({ minimum: -65_536, maximum: 0, format: 'int32', examples: [-7] })
        },
        { additionalProperties: false }
      ),
      { maxItems: 10 }
    ),
    timeout: Timeout,
    excludeCredentials: Type.Array(ref(PasskeyDescriptor), { maxItems: mostPasskeys }),
    authenticatorSelection: Type.Object(
      {
        residentKey: StringEnum(['required'], { examples: ['required'] }),
        requireResidentKey: Type.Boolean({ examples: [true] }),
        userVerification: Verification
      },
      { additionalProperties: false }
    ),
    attestation: StringEnum(['none'], { examples: ['none'] })
  },
  { $id: 'PasskeyCreationOptions', additionalProperties: false }
)

/** What `PublicKeyCredential.parseRequestOptionsFromJSON` takes (WebAuthn, section 5.1.10). */
export const PasskeyRequestOptions = Type.Object(
  {
    challenge: Challenge,
    timeout: Timeout,
    rpId: Host,
    allowCredentials: Type.Array(ref(PasskeyDescriptor), { maxItems: mostPasskeys }),
    userVerification: Verification
  },
  { $id: 'PasskeyRequestOptions', additionalProperties: false }
)

const clientData = Bytes(4096, 'eyJ0eXBlIjoid2ViYXV0aG4uZ2V0In0')

/** What `toJSON()` of every credential has, whatever it answers. */
const credential = {
  id: CredentialId,
  rawId: CredentialId,
  type: PublicKeyType,
  authenticatorAttachment: Type.Optional(
    Nullable(Type.String({ maxLength: 32, pattern: '^[a-z-]*$', examples: ['platform'] }))
  ),
  // Extensions are the browser's own; none was asked for, and none is read.
  clientExtensionResults: Type.Unsafe<Record<string, unknown>>({
    type: 'object',
    maxProperties: 20,
    examples: [{}]
  })
}

/** What a browser answers to PasskeyCreationOptions: `toJSON()` of the credential (WebAuthn, section 5.1). */
export const PasskeyRegistration = Type.Object(
  {
    ...credential,
    response: Type.Object(
      {
        clientDataJSON: clientData,
        attestationObject: Bytes(16_384, 'o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YQ'),
        authenticatorData: Type.Optional(Bytes(8192, 'SZYN5YgOjGh0NBcPZHZgW4')),
        transports: Type.Optional(Transports),
        publicKey: Type.Optional(Nullable(Bytes(8192, 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE'))),
        publicKeyAlgorithm: Type.Optional(
          Type.Integer({ minimum: -65_536, maximum: 65_536, format: 'int32', examples: [-7] })
        )
      },
      { additionalProperties: false }
    )
  },
  { $id: 'PasskeyRegistration', additionalProperties: false }
)

/** As accepted by POST /me/passkeys. */
export const NewPasskey = Type.Object(
  {
    name: Type.Optional({
      ...PasskeyName,
      description: 'What you call it; the browser and its system unless given.'
    }),
    passkey: ref(PasskeyRegistration)
  },
  { $id: 'NewPasskey', additionalProperties: false }
)

/** What a browser answers to PasskeyRequestOptions: `toJSON()` of the credential (WebAuthn, section 5.1). */
export const PasskeyAssertion = Type.Object(
  {
    ...credential,
    response: Type.Object(
      {
        clientDataJSON: clientData,
        authenticatorData: Bytes(8192, 'SZYN5YgOjGh0NBcPZHZgW4'),
        signature: Bytes(8192, 'MEUCIQDnDk1x5n8S4Q'),
        userHandle: Type.Optional(Nullable(Bytes(86, handle))),
        attestationObject: Type.Optional(Nullable(Bytes(16_384, 'o2NmbXRkbm9uZQ')))
      },
      { additionalProperties: false }
    )
  },
  { $id: 'PasskeyAssertion', additionalProperties: false }
)

/** As accepted by POST /passkeys/sign-in. */
export const PasskeySignIn = Type.Object(
  { passkey: ref(PasskeyAssertion) },
  { $id: 'PasskeySignIn', additionalProperties: false }
)
