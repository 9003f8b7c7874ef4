import { Type } from '@sinclair/typebox'
import { KeyId } from './api-keys.ts'
import { pageMembers } from './page.ts'
import { Address, byDatabase, Id, LongId, Nullable, ref, Timestamp } from './types.ts'

/** What was done: a resource and a verb. Whoever records an action of their own just names it. */
export const AuditAction = Type.String({
  maxLength: 60,
  pattern: '^[a-z][a-z0-9_-]*\\.[a-z][a-z0-9_-]*$',
  examples: ['user.update']
})

/** What an entry is about: `user:7`, `role:editor` or `session:…`. */
export const AuditTarget = Type.String({
  maxLength: 60,
  pattern: '^[a-z][a-z0-9_-]*:[A-Za-z0-9_-]+$',
  examples: ['user:7']
})

/** As stored: `changes` is a JSON object. Entries outlive the accounts that they name. */
export const AuditRow = Type.Object({
  id: byDatabase(LongId),
  at: Timestamp,
  actor_id: Nullable(Id),
  actor: Nullable(Type.String({ maxLength: 50, pattern: '^[^\\u0000]*$', examples: ['admin'] })),
  /** The key that acted for the account; null is a person. */
  key_id: Nullable({ ...KeyId, description: 'The key that acted for the account; null where no key did.' }),
  action: AuditAction,
  target: Nullable(AuditTarget),
  address: Address,
  request_id: Type.String({ maxLength: 64, pattern: '^[A-Za-z0-9._-]+$', examples: ['k3v9x2-1f'] }),
  /** How often it happened: what strangers can cause is counted in one entry for an hour. */
  count: byDatabase(
    Type.Integer({
      minimum: 1,
      maximum: 2_147_483_647,
      format: 'int32',
      description:
        'How often it happened. Refused sign-ins to one account from one network within an hour are one entry; `at` is the first of them.',
      examples: [1]
    })
  ),
  counted_as: byDatabase(Nullable(Type.String())),
  changes: Type.String()
})

const text = { maxLength: 4000, pattern: '^[^\\u0000]*$' }

/** A member of an account or a role that was changed, with its old and its new value; never a secret. */
const change = Type.Object(
  {
    member: Type.String({ maxLength: 50, pattern: '^[a-z_]+$', examples: ['role'] }),
    from: Type.Optional(
      Type.String({ ...text, description: 'What it was before, where it was anything.', examples: ['user'] })
    ),
    to: Type.String({ ...text, examples: ['admin'] })
  },
  { additionalProperties: false }
)

/** As shown. */
export const AuditEntry = Type.Object(
  {
    ...Type.Omit(AuditRow, ['changes', 'counted_as']).properties,
    changes: Type.Array(change, { maxItems: 10 })
  },
  { $id: 'AuditEntry', additionalProperties: false }
)

/** A page of entries, newest first. */
export const AuditPage = Type.Object(
  { entries: Type.Array(ref(AuditEntry), { maxItems: 200 }), ...pageMembers },
  { $id: 'AuditPage', additionalProperties: false }
)
