import type { Permission } from '../../schemas/access.ts'
import { requireFresh, tenMinutes } from '../access/step-up.ts'
import { defineProblem } from '../problems/define.ts'
import { effectivePermissions } from '../roles/permissions.ts'
import type { Identity } from '../sessions/identities.ts'
import type { Db, Tx } from '../database/database.ts'
import { decideAlone } from '../database/locks.ts'

export const BeyondOwnPermissions = defineProblem(
  'BEYOND_OWN_PERMISSIONS',
  403,
  'Beyond your own permissions',
  {
    detail: 'You lack %s yourself.',
    about:
      'Nobody can grant a permission, or act on an account or a role that holds one, without holding it: `permission` names one that was missing.',
    guide: { error: 'Access denied. Admin privileges required.' }
  }
)

export const LastAdmin = defineProblem('LAST_ADMIN', 409, 'The last administrator', {
  detail: 'This is the last active administrator; make another one first.',
  about: 'At least one active account of the role admin always remains. Nothing was changed.'
})

export const RoleUnknown = defineProblem('ROLE_UNKNOWN', 400, 'No such role', {
  detail: 'There is no role %s.',
  about: 'An account can only have a role that exists: GET /roles lists them.'
})

interface Caller {
  permissions: ReadonlySet<Permission>
}

/** Lets a caller grant or govern these permissions. @throws BeyondOwnPermissions for one that the caller lacks */
export function requireOwn(caller: Caller, permissions: Iterable<Permission>) {
  for (const permission of permissions) {
    if (!caller.permissions.has(permission)) {
      throw new BeyondOwnPermissions(permission).with({ members: { permission } })
    }
  }
}

/**
 * Lets a caller act on accounts of a role, or give the role away. Run it in the transaction of the change.
 * @throws RoleUnknown, BeyondOwnPermissions
 */
export async function requireOwnRole(db: Db, caller: Caller, role: string) {
  const row = await db.selectFrom('roles').select('permissions').where('name', '=', role).executeTakeFirst()
  if (!row) throw new RoleUnknown(role)
  const permissions = effectivePermissions(row.permissions)
  requireOwn(caller, permissions)
  return permissions
}

/**
 * The same where the account will have the role from then on: when the role allows anything, its giver has to be here,
 * as whoever has only taken their token would make themselves at home. Accounts that may do nothing more need no proof.
 * @throws RoleUnknown, BeyondOwnPermissions, ReauthenticationNeeded
 */
export async function requireRoleToGive(tx: Tx, caller: Identity, role: string) {
  const permissions = await requireOwnRole(tx, caller, role)
  if (permissions.size > 0) requireFresh(caller, tenMinutes)
}

/** Whether an active administrator is left. Ask at the end of the transaction that may have taken one. @throws LastAdmin */
export async function requireAnAdmin(tx: Tx) {
  // Of two that each take one, the second sees what the first has left.
  await decideAlone(tx, 'the last administrator')
  const admin = await tx
    .selectFrom('users')
    .select('id')
    .where('role', '=', 'admin')
    .where('status', '=', 'active')
    // A service cannot sign in, and so leads nobody out.
    .where('kind', '=', 'person')
    .limit(1)
    .executeTakeFirst()
  if (!admin) throw new LastAdmin()
}
