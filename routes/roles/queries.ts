import type { Static } from '@sinclair/typebox'
import { effectivePermissions } from '../../plugins/auth/permissions.ts'
import type { Db, Tx } from '../../plugins/db/transaction.ts'
import type { Permission } from '../../schemas/access.ts'
import { pageOf, readCursor } from '../../schemas/cursor.ts'
import type { RoleRow } from '../../schemas/roles.ts'

const stored = ['name', 'description', 'permissions', 'requests_per_minute'] as const

const shown = ({ permissions, ...role }: Static<typeof RoleRow>) => ({
  ...role,
  permissions: [...effectivePermissions(permissions)].sort()
})

/** A role as answers show it, or undefined. */
export async function findRole(db: Db, name: string) {
  const row = await db.selectFrom('roles').select(stored).where('name', '=', name).executeTakeFirst()
  return row && shown(row)
}

/** A page of roles by name, those whose name begins with `q`. @throws CursorRefused */
export async function listRoles(
  db: Db,
  { limit = 50, cursor, q }: { limit?: number; cursor?: string; q?: string }
) {
  const after = readCursor(cursor, ['string'])
  let query = db.selectFrom('roles').select(stored)
  if (q !== undefined) query = query.where('name', '>=', q).where('name', '<', `${q}\u{10FFFF}`)
  if (after) query = query.where('name', '>', after[0])
  const rows = await query
    .orderBy('name')
    .limit(limit + 1)
    .execute()
  const { page, next_cursor } = pageOf(rows, limit, ({ name }) => [name])
  return { roles: page.map(shown), next_cursor }
}

interface RoleValues {
  description: string
  permissions: readonly Permission[]
  requests_per_minute: number
}

/** Adds a role. The database refuses a second one of the name. */
export const insertRole = (tx: Tx, { permissions, ...role }: RoleValues & { name: string }) =>
  tx
    .insertInto('roles')
    .values({ ...role, permissions: JSON.stringify([...permissions].sort()) })
    .execute()

/** Changes members of a role. */
export const updateRole = (tx: Tx, name: string, { permissions, ...changes }: Partial<RoleValues>) =>
  tx
    .updateTable('roles')
    .set({ ...changes, ...(permissions && { permissions: JSON.stringify([...permissions].sort()) }) })
    .where('name', '=', name)
    .execute()

/** Deletes a role. The database refuses it while an account has the role. */
export const deleteRole = (tx: Tx, name: string) => tx.deleteFrom('roles').where('name', '=', name).execute()
