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

/** The active account of a live session, and when that session ends, or undefined when either is gone. */
export async function findIdentity(
  db: Db,
  { sessionId, userId }: { sessionId: string; userId: number }
): Promise<{ identity: Identity; endsAt: number } | undefined> {
  const row = await db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .innerJoin('roles', 'roles.name', 'users.role')
    .select(['users.id', 'users.username', 'users.role', 'roles.permissions', 'roles.requests_per_minute'])
    .select('sessions.expires_at')
    .where('sessions.id', '=', sessionId)
    .where('users.id', '=', userId)
    .where('users.status', '=', 'active')
    .where('sessions.expires_at', '>', new Date().toISOString())
    .executeTakeFirst()
  if (!row) return undefined
  const { id, username, role, permissions, requests_per_minute, expires_at } = row
  return {
    identity: {
      id,
      username,
      role,
      sessionId,
      permissions: effectivePermissions(permissions),
      requestsPerMinute: requests_per_minute
    },
    endsAt: Date.parse(expires_at)
  }
}
