import { Type } from '@sinclair/typebox'
import { PermissionName } from './access.ts'

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

const requestsPerMinute = Type.Integer({
  minimum: 1,
  maximum: 1_000_000,
  format: 'int32',
  description: 'How often a minute an account of this role may call a route limited by role.',
  examples: [10]
})

/** As stored: `permissions` is a JSON array; `["*"]` stands for all of the registry, also what it will hold later. */
export const RoleRow = Type.Object({
  name: RoleName,
  description,
  permissions: Type.String(),
  requests_per_minute: requestsPerMinute
})

/** As shown. */
export const Role = Type.Object(
  {
    name: RoleName,
    description,
    permissions: Type.Array(PermissionName, { maxItems: 100, uniqueItems: true }),
    requests_per_minute: requestsPerMinute
  },
  { $id: 'Role', additionalProperties: false }
)
