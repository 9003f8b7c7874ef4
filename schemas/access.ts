import { Type } from '@sinclair/typebox'
import { pageMembers } from './page.ts'
import { ref, StringEnum } from './types.ts'

/** The permission registry: what can be granted to a role, and what it allows. Add a line to add a permission. */
export const permissions = {
  'admin:read': 'Open the admin panel',
  'users:read': 'List and read accounts and their sessions',
  'users:write': 'Create accounts, change them and set their passwords',
  'users:delete': 'Delete accounts',
  'factors:write': 'See and remove the second factors of other accounts',
  'sessions:read': "List everybody's sessions",
  'sessions:write': "End other accounts' sessions",
  'roles:read': 'List and read roles and the permissions there are',
  'roles:write': 'Create, change and delete roles',
  'keys:read': 'List the keys of all accounts',
  'keys:write': 'Make, change and withdraw keys of other accounts',
  'tokens:introspect': 'Ask whether a token or key counts, and whose it is',
  'audit:read': 'Read the audit log',
  'analytics:read': 'See how the service is used',
  'system:read': 'See the state, the configuration and the settings of the service',
  'system:write': 'Change the settings of the service',
  'mail:read': 'See which mails were sent, wait or failed',
  'mail:write': 'Send a test mail',
  'cache:write': 'Empty the response cache'
} as const satisfies Record<`${string}:${string}`, string>

export type Permission = keyof typeof permissions

export const permissionNames = Object.keys(permissions) as Permission[]

/** Whether this text names a permission of the registry. */
export const isPermission = (name: string): name is Permission => Object.hasOwn(permissions, name)

/** Who may call a route: anybody, anybody signed in, or the holders of a permission. */
export type Access = 'public' | 'authenticated' | Permission

/** A permission's name. */
export const PermissionName = StringEnum(permissionNames, { examples: ['users:read'] })

/** A permission, as shown. */
export const PermissionInfo = Type.Object(
  {
    name: PermissionName,
    description: Type.String({
      maxLength: 200,
      pattern: '^.*$',
      examples: ['List and read accounts and their sessions']
    })
  },
  { $id: 'Permission', additionalProperties: false }
)

/** A page of the registry, as shown. */
export const PermissionPage = Type.Object(
  { permissions: Type.Array(ref(PermissionInfo), { maxItems: 200 }), ...pageMembers },
  { $id: 'PermissionPage', additionalProperties: false }
)
