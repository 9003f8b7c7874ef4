import { Type } from '@sinclair/typebox'
import { PermissionName } from './access.ts'
import { pageMembers } from './page.ts'
import { byDatabase, ref } from './types.ts'

/** A role's name, as it stands in the database and in answers. */
export const RoleName = Type.String({
  minLength: 1,
  maxLength: 50,
  pattern: '^[a-z][a-z0-9_-]*$',
  examples: ['user']
})

const description = Type.String({
  maxLength: 200,
  pattern: '^[^\\u0000-\\u001f]*$',
  examples: ['May use the API as itself']
})

/** How often a minute an account of a role may call a route that is limited by role. */
export const RequestsPerMinute = Type.Integer({
  minimum: 1,
  maximum: 1_000_000,
  format: 'int32',
  description: 'How often a minute an account of this role may call a route limited by role.',
  examples: [10]
})

/** Whether accounts of a role need a second factor. */
const RequiresMfa = Type.Boolean({
  description: 'Whether accounts of this role need a second factor: without one they can only add it.',
  examples: [false]
})

/** As stored: `permissions` is a JSON array; `["*"]` stands for all of the registry, also what it will hold later. */
export const RoleRow = Type.Object({
  name: RoleName,
  description,
  permissions: Type.String(),
  requests_per_minute: RequestsPerMinute,
  /** 1 where accounts of the role need a second factor. */
  requires_mfa: byDatabase(Type.Integer())
})

/** As shown. */
export const Role = Type.Object(
  {
    name: RoleName,
    description,
    permissions: Type.Array(PermissionName, { maxItems: 100, uniqueItems: true }),
    requests_per_minute: RequestsPerMinute,
    requires_mfa: RequiresMfa
  },
  { $id: 'Role', additionalProperties: false }
)

/** A page of roles, as shown. */
export const RolePage = Type.Object(
  { roles: Type.Array(ref(Role), { maxItems: 200 }), ...pageMembers },
  { $id: 'RolePage', additionalProperties: false }
)

/** As accepted by POST /roles. */
export const NewRole = Type.Object(
  { ...Role.properties, requires_mfa: Type.Optional(RequiresMfa) },
  { $id: 'NewRole', additionalProperties: false }
)

/** As accepted by PATCH /roles/{name}. */
export const RoleChanges = Type.Partial(Type.Omit(Role, ['name']), {
  $id: 'RoleChanges',
  additionalProperties: false,
  minProperties: 1
})
