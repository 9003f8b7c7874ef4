import type { FastifyRequest } from 'fastify'
import { holdCaller, requireUser, tokenInvalid } from '../access/caller.ts'
import { shownColumns } from '../../schemas/users.ts'
import { touch } from '../changes/touched.ts'
import type { Db, Tx } from '../database/database.ts'
import { isForeignKeyViolation, isUniqueViolation } from '../database/failures.ts'
import { defineProblem } from '../problems/define.ts'
import { endSessions } from '../sessions/session-queries.ts'
import { requireOwnRole, RoleUnknown } from './governance.ts'
import { newUsername } from './usernames.ts'

export const UsernameTaken = defineProblem('USERNAME_TAKEN', 409, 'Username taken', {
  detail: 'Another account has this username, perhaps in other case.',
  about: 'Usernames are unique without regard to case and in Unicode form NFKC.'
})

export const EmailTaken = defineProblem('EMAIL_TAKEN', 409, 'Address taken', {
  detail: 'Another account has this address.',
  about: 'A verified address belongs to one account. Only who has shown that it is theirs is told so.'
})

export const UserNotFound = defineProblem('USER_NOT_FOUND', 404, 'No such account', {
  detail: 'No account has the id %s.',
  about: 'The account never existed, or was deleted.'
})

const columns = [...shownColumns, 'version', 'locale'] as const

/** An account as answers show it: its version is told by the entity tag alone. */
export const toUser = <Row extends { version: number; locale: string }>({ version, locale, ...user }: Row) =>
  user

/** The entity tag of an account's state. */
export const userTag = ({ version }: { version: number }) => `"${version}"`

/** The account with this id, with its version. @throws UserNotFound */
export async function getUser(db: Db, id: number) {
  const user = await db.selectFrom('users').select(columns).where('id', '=', id).executeTakeFirst()
  if (!user) throw new UserNotFound(id)
  return user
}

/** What only the caller's own account can be missing for: it was deleted while its token still counted. */
export const asTokenInvalid = (error: unknown): never => {
  throw error instanceof UserNotFound ? tokenInvalid() : error
}

/** The account with this id, which nobody else changes before the transaction ends. @throws UserNotFound */
export const lockUser = (tx: Tx, id: number) =>
  tx
    .selectFrom('users')
    .select(columns)
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirstOrThrow(() => new UserNotFound(id))

/**
 * The account with this id and who asks, who may act on it; both stay as they are until the transaction ends, and two
 * who act on each other lock the same account first.
 * @throws UserNotFound, BeyondOwnPermissions, TokenInvalid, Forbidden
 */
export async function lockGovernedUser(tx: Tx, request: FastifyRequest, id: number) {
  const { id: own } = requireUser(request)
  const lock = () => (id === own ? lockUser(tx, id).catch(asTokenInvalid) : lockUser(tx, id))
  const first = id <= own ? await lock() : undefined
  const caller = await holdCaller(tx, request)
  const user = first ?? (await lock())
  await requireOwnRole(tx, caller, user.role)
  return { user, caller }
}

/** What the database itself refuses, a second account of a name or an address or a role that was deleted meanwhile, as the problem. */
function translateRefusal(error: unknown): never {
  if (isUniqueViolation(error, 'email_key')) throw new EmailTaken()
  if (isUniqueViolation(error)) throw new UsernameTaken()
  if (isForeignKeyViolation(error)) throw new RoleUnknown('of this name any more')
  throw error
}

/** What only some accounts have: an address from the beginning, or a machine behind them. */
interface More {
  verified?: { email: string; email_key: string; locale: 'en' | 'de' }
  kind?: 'person' | 'service'
}

/**
 * Adds an account, with an address whose owner has shown to be it; answers it as getUser does.
 * @throws UsernameRefused, UsernameTaken, EmailTaken, RoleUnknown
 */
export async function insertUser(
  tx: Tx,
  username: string,
  password_hash: string,
  role: string,
  { verified, kind = 'person' }: More = {}
) {
  const now = new Date().toISOString()
  const user = await tx
    .insertInto('users')
    .values({
      ...newUsername(username),
      password_hash,
      role,
      created_at: now,
      updated_at: now,
      kind,
      ...(verified && { ...verified, email_verified_at: now })
    })
    .returning(columns)
    .executeTakeFirstOrThrow()
    .catch(translateRefusal)
  touch(tx, 'users', user.id)
  return user
}

interface Changes {
  username?: string
  role?: string
  status?: 'active' | 'disabled'
  password_hash?: string
  must_change_password?: 0 | 1
  email?: string | null
  email_key?: string | null
  email_verified_at?: string | null
  locale?: 'en' | 'de'
}

/**
 * Changes members of an account and counts its version up; answers it as getUser does.
 * @throws UserNotFound, UsernameRefused, UsernameTaken, EmailTaken, RoleUnknown
 */
export function updateUser(tx: Tx, id: number, { username, ...others }: Changes) {
  touch(tx, 'users', id)
  return tx
    .updateTable('users')
    .set((expression) => ({
      ...others,
      ...(username !== undefined && newUsername(username)),
      version: expression('version', '+', 1),
      updated_at: new Date().toISOString()
    }))
    .where('id', '=', id)
    .returning(columns)
    .executeTakeFirstOrThrow(() => new UserNotFound(id))
    .catch(translateRefusal)
}

/** Deletes an account, and with it its sessions. */
export async function deleteUser(tx: Tx, id: number) {
  touch(tx, 'users', id)
  // The foreign key would end them in one go, however many there are.
  await endSessions(tx, id)
  await tx.deleteFrom('users').where('id', '=', id).execute()
}
