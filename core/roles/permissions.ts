import { isPermission, permissionNames, type Permission } from '../../schemas/access.ts'

/** The permissions that a role's stored JSON array grants: `*` is all; a name that left the registry is none. */
export function effectivePermissions(stored: string): ReadonlySet<Permission> {
  const names = JSON.parse(stored) as string[]
  return new Set(names.includes('*') ? permissionNames : names.filter(isPermission))
}
