import { defineProblem } from '../../schemas/problems.ts'
import { isForeignKeyViolation, isUniqueViolation } from '../db/failures.ts'
import type { Db, Tx } from '../db/transaction.ts'
import { RoleUnknown } from './governance.ts'
import { newUsername } from './usernames.ts'

export const UsernameTaken = defineProblem('USERNAME_TAKEN', 409, 'Username taken', {
  detail: 'Another account has this username, perhaps in other case.',
  about: 'Usernames are unique without regard to case and in Unicode form NFKC.'
})

export const UserNotFound = defineProblem('USER_NOT_FOUND', 404, 'No such account', {
  detail: 'No account has the id %s.',
  about: 'The account never existed, or was deleted.'
})

/** The members of an account that answers show. */
export const shownUser = ['id', 'username', 'role', 'status', 'created_at', 'updated_at'] as const

/** An account as answers show it: its version is told by the entity tag alone. */
export const shown = <Row extends { version: number }>({ version, ...user }: Row) => user

/** The entity tag of an account's state. */
export const userTag = ({ version }: { version: number }) => `"${version}"`

/** The account with this id as answers show it, with its version. @throws UserNotFound */
export async function getUser(db: Db, id: number) {
  const user = await db
    .selectFrom('users')
    .select([...shownUser, 'version'])
    .where('id', '=', id)
    .executeTakeFirst()
  if (!user) throw new UserNotFound(id)
  return user
}

/** Adds an account; answers it as getUser does. @throws UsernameRefused, and what translateRefusal translates */
export function insertUser(tx: Tx, username: string, password_hash: string, role: string) {
  const now = new Date().toISOString()
  return tx
    .insertInto('users')
    .values({ ...newUsername(username), password_hash, role, created_at: now, updated_at: now })
    .returning([...shownUser, 'version'])
    .executeTakeFirstOrThrow()
}

/** Changes members of an account and counts its version up; answers it as getUser does. @throws UserNotFound */
export const updateUser = (
  tx: Tx,
  id: number,
  changes: { username?: string; role?: string; status?: 'active' | 'disabled'; password_hash?: string }
) => {
  const { username, ...others } = changes
  return tx
    .updateTable('users')
    .set((expression) => ({
      ...others,
      ...(username !== undefined && newUsername(username)),
      version: expression('version', '+', 1),
      updated_at: new Date().toISOString()
    }))
    .where('id', '=', id)
    .returning([...shownUser, 'version'])
    .executeTakeFirstOrThrow(() => new UserNotFound(id))
}

/**
 * Turns what the database itself refuses, a second account of a name or a role that was deleted meanwhile, into
 * the problem; use it as `.catch()`.
 */
export function translateRefusal(error: unknown): never {
  if (isUniqueViolation(error)) throw new UsernameTaken()
  if (isForeignKeyViolation(error)) throw new RoleUnknown('of this name any more')
  throw error
}
