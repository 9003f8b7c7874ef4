import { Type } from '@sinclair/typebox'
import { pageMembers } from './page.ts'
import { Id, Nullable, ref, StringEnum, Timestamp } from './types.ts'

/** Everything that leaves an entry. */
export const auditActions = [
  'session.start',
  'session.refuse',
  'session.theft',
  'session.end',
  'user.register',
  'user.create',
  'user.update',
  'user.delete',
  'password.change',
  'password.set',
  'role.create',
  'role.update',
  'role.delete'
] as const

export type AuditAction = (typeof auditActions)[number]

/** What an entry is about: `user:7`, `role:editor` or `session:…`. */
export const AuditTarget = Type.String({
  maxLength: 60,
  pattern: '^(user|role|session):[A-Za-z0-9_-]+$',
  examples: ['user:7']
})

/** As stored: `changes` is a JSON object. Entries outlive the accounts that they name. */
export const AuditRow = Type.Object({
  id: Id,
  at: Timestamp,
  actor_id: Nullable(Id),
  actor: Nullable(Type.String({ maxLength: 50, pattern: '^[^\\u0000]*$', examples: ['admin'] })),
  action: StringEnum(auditActions, { examples: ['user.update'] }),
  target: Nullable(AuditTarget),
  address: Type.String({ maxLength: 45, pattern: '^[0-9A-Fa-f:.%a-z]*$', examples: ['203.0.113.7'] }),
  request_id: Type.String({ maxLength: 64, pattern: '^[A-Za-z0-9._-]+$', examples: ['k3v9x2-1f'] }),
  changes: Type.String()
})

/** A member of an account or a role that was changed, with its new value; never a secret. */
const change = Type.Object(
  {
    member: Type.String({ maxLength: 50, pattern: '^[a-z_]+$', examples: ['role'] }),
    to: Type.String({ maxLength: 4000, pattern: '^[^\\u0000]*$', examples: ['admin'] })
  },
  { additionalProperties: false }
)

/** As shown. */
export const AuditEntry = Type.Object(
  { ...Type.Omit(AuditRow, ['changes']).properties, changes: Type.Array(change, { maxItems: 10 }) },
  { $id: 'AuditEntry', additionalProperties: false }
)

/** A page of entries, newest first. */
export const AuditPage = Type.Object(
  { entries: Type.Array(ref(AuditEntry), { maxItems: 200 }), ...pageMembers },
  { $id: 'AuditPage', additionalProperties: false }
)
