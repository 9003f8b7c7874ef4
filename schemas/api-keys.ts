import { Type } from '@sinclair/typebox'
import { PermissionName } from './access.ts'
import { pageMembers } from './page.ts'
import { RequestsPerMinute } from './roles.ts'
import { Id, Nullable, ref, Timestamp } from './types.ts'

/** The id of a key: the part of it that anybody may see. */
export const KeyId = Type.String({
  maxLength: 12,
  pattern: '^[0-9A-Za-z]{12}$',
  description: 'The id of the key, which stands in the key itself.',
  examples: ['4fKq0ZbT7xLm']
})

const Name = Type.String({
  minLength: 1,
  maxLength: 100,
  pattern: '^[^\\u0000-\\u001f]+$',
  description: 'What the key is for.',
  examples: ['The nightly report']
})

const network = Type.String({
  maxLength: 49,
  pattern: '^[0-9a-fA-F:.]+(/[0-9]{1,3})?$',
  examples: ['203.0.113.0/24']
})

/** As stored: a key, of which only the hash is kept. */
export const ApiKeyRow = Type.Object({
  id: KeyId,
  user_id: Id,
  name: Name,
  hash: Type.String(),
  permissions: Type.String(),
  requests_per_minute: Nullable(RequestsPerMinute),
  allowed_networks: Type.String(),
  created_at: Timestamp,
  expires_at: Timestamp,
  last_used_at: Nullable(Timestamp),
  replaced_by: Nullable(KeyId)
})

const granted = Type.Array(PermissionName, {
  maxItems: 100,
  uniqueItems: true,
  description: "What the key may do, as far as its owner's role has it at the moment of use."
})

const networks = Type.Array(network, {
  maxItems: 50,
  uniqueItems: true,
  description:
    'From which networks it may be used: CIDR or single addresses; from anywhere when there are none.'
})

const ownLimit = Nullable({
  ...RequestsPerMinute,
  description:
    "How often a minute it may be used, in addition to its owner's limits; null is as often as these allow."
})

/** As shown. */
export const ApiKey = Type.Object(
  {
    ...Type.Pick(ApiKeyRow, ['id', 'user_id', 'name']).properties,
    permissions: granted,
    requests_per_minute: ownLimit,
    allowed_networks: networks,
    ...Type.Pick(ApiKeyRow, ['created_at', 'expires_at']).properties,
    last_used_at: { ...ApiKeyRow.properties.last_used_at, description: 'To about a minute; null is never.' },
    replaced_by: {
      ...ApiKeyRow.properties.replaced_by,
      description: 'The key that was made in its place, if any.'
    }
  },
  { $id: 'ApiKey', additionalProperties: false }
)

/** A page of keys, as shown. */
export const ApiKeyPage = Type.Object(
  { keys: Type.Array(ref(ApiKey), { maxItems: 200 }), ...pageMembers },
  { $id: 'ApiKeyPage', additionalProperties: false }
)

/** A key as it is shown once, when it has been made. */
export const ApiKeyMade = Type.Object(
  {
    ...ApiKey.properties,
    key: Type.String({
      maxLength: 65,
      pattern: '^gh_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$',
      description: 'The key itself, to send as `Authorization: Bearer …`. It is shown this once.',
      examples: ['gh_4fKq0ZbT7xLm_0000000000000000000000000000000000000000000000000']
    })
  },
  { $id: 'ApiKeyMade', additionalProperties: false }
)

const limited = { requests_per_minute: Type.Optional(ownLimit), allowed_networks: Type.Optional(networks) }

/** As accepted where a key is made. */
export const NewApiKey = Type.Object(
  {
    name: Name,
    permissions: granted,
    ...limited,
    expires_in_days: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 366,
        format: 'int32',
        default: 90,
        description: 'How long it is good for.',
        examples: [90]
      })
    )
  },
  { $id: 'NewApiKey', additionalProperties: false }
)

/** As accepted where a key is changed. */
export const ApiKeyChanges = Type.Object(
  { name: Type.Optional(Name), permissions: Type.Optional(granted), ...limited },
  { $id: 'ApiKeyChanges', additionalProperties: false, minProperties: 1 }
)

/** The path parameter of one of the caller's keys. */
export const ApiKeyParams = Type.Object({ id: KeyId }, { additionalProperties: false })

/** The path parameters of one of an account's keys. */
export const UserApiKeyParams = Type.Object(
  { id: { ...Id, description: 'The id of the account.' }, key: KeyId },
  { additionalProperties: false }
)
