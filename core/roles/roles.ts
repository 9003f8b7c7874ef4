import type { Static } from '@sinclair/typebox'
import type { Permission } from '../../schemas/access.ts'
import type { RoleRow } from '../../schemas/roles.ts'
import { touch } from '../changes/touched.ts'
import type { Db, Tx } from '../database/database.ts'
import { isForeignKeyViolation, isUniqueViolation } from '../database/failures.ts'
import { entityTag } from '../http/entity-tags.ts'
import { pageOf, type PageQuery } from '../paging/page.ts'
import { effectivePermissions } from './permissions.ts'
import { RoleInUse, RoleNotFound, RoleTaken } from './problems.ts'

const columns = ['name', 'description', 'permissions', 'requests_per_minute', 'requires_mfa'] as const

/** A role as answers show it. */
const toRole = ({ permissions, requires_mfa, ...role }: Static<typeof RoleRow>) => ({
  ...role,
  permissions: [...effectivePermissions(permissions)].sort(),
  requires_mfa: requires_mfa !== 0
})

/** The entity tag of a role. */
export const roleTag = (role: ReturnType<typeof toRole>) => entityTag(JSON.stringify(role))

/** The role of this name. @throws RoleNotFound */
export async function getRole(db: Db, name: string) {
  const row = await db.selectFrom('roles').select(columns).where('name', '=', name).executeTakeFirst()
  if (!row) throw new RoleNotFound(name)
  return toRole(row)
}

/** The role of this name, which nobody else changes before the transaction ends. @throws RoleNotFound */
export async function lockRole(tx: Tx, name: string) {
  const row = await tx
    .selectFrom('roles')
    .select(columns)
    .where('name', '=', name)
    .forUpdate()
    .executeTakeFirstOrThrow(() => new RoleNotFound(name))
  return toRole(row)
}

/** A page of roles by name, those whose name begins with `q`. @throws CursorRefused */
export async function listRoles(db: Db, { q, ...page }: PageQuery & { q?: string }) {
  let query = db.selectFrom('roles').select(columns)
  if (q !== undefined) query = query.where('name', '>=', q).where('name', '<', `${q}\u{10FFFF}`)
  const { rows, next_cursor } = await pageOf(query, page, { name: 'text' })
  return { roles: rows.map(toRole), next_cursor }
}

interface RoleValues {
  description: string
  permissions: readonly Permission[]
  requests_per_minute: number
  requires_mfa?: boolean
}

/** Values as they are stored. */
const toColumns = <Values extends Partial<RoleValues>>({ permissions, requires_mfa, ...values }: Values) => ({
  ...values,
  ...(permissions && { permissions: JSON.stringify(permissions) }),
  ...(requires_mfa !== undefined && { requires_mfa: Number(requires_mfa) })
})

/** Adds a role; answers it. @throws RoleTaken */
export async function insertRole(tx: Tx, { name, ...values }: RoleValues & { name: string }) {
  const permissions = JSON.stringify(values.permissions)
  const row = await tx
    .insertInto('roles')
    .values({ name, ...toColumns(values), permissions })
    .returning(columns)
    .executeTakeFirstOrThrow()
    .catch((error: unknown) => {
      throw isUniqueViolation(error) ? new RoleTaken(name) : error
    })
  touch(tx, 'roles', name)
  return toRole(row)
}

/** Changes members of a role; answers it. @throws RoleNotFound */
export async function updateRole(tx: Tx, name: string, changes: Partial<RoleValues>) {
  const row = await tx
    .updateTable('roles')
    .set(toColumns(changes))
    .where('name', '=', name)
    .returning(columns)
    .executeTakeFirstOrThrow(() => new RoleNotFound(name))
  touch(tx, 'roles', name)
  return toRole(row)
}

/** Deletes a role. @throws RoleInUse while an account has it */
export async function deleteRole(tx: Tx, name: string) {
  // The foreign key decides; SQLite however counts all accounts of the role for it, a million of them, and holds everybody up.
  const used = tx.selectFrom('users').select('id').where('role', '=', name).limit(1)
  if (await used.executeTakeFirst()) throw new RoleInUse(name)
  await tx
    .deleteFrom('roles')
    .where('name', '=', name)
    .execute()
    .catch((error: unknown) => {
      throw isForeignKeyViolation(error) ? new RoleInUse(name) : error
    })
  touch(tx, 'roles', name)
}
