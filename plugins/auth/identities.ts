import { effectivePermissions } from './permissions.ts'
import type { Permission } from '../../schemas/access.ts'
import type { Db } from '../db/transaction.ts'

/** Who is asking: the account behind the session, as the database has it. */
export interface Identity {
  id: number
  username: string
  role: string
  sessionId: string
  permissions: ReadonlySet<Permission>
  requestsPerMinute: number
}

/** The active account of a live session, or undefined when either is gone. */
export async function findIdentity(db: Db, sessionId: string, userId: number): Promise<Identity | undefined> {
  const row = await db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .innerJoin('roles', 'roles.name', 'users.role')
    .select(['users.id', 'users.username', 'users.role', 'roles.permissions', 'roles.requests_per_minute'])
    .where('sessions.id', '=', sessionId)
    .where('users.id', '=', userId)
    .where('users.status', '=', 'active')
    .where('sessions.expires_at', '>', new Date().toISOString())
    .executeTakeFirst()
  return (
    row && {
      id: row.id,
      username: row.username,
      role: row.role,
      sessionId,
      permissions: effectivePermissions(row.permissions),
      requestsPerMinute: row.requests_per_minute
    }
  )
}
