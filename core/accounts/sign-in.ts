import type { FastifyRequest } from 'fastify'
import { recordAudit } from '../audit/record.ts'
import type { Config } from '../config/load.ts'
import type { Db, Tx } from '../database/database.ts'
import { addressKey } from '../mail/address.ts'
import type { Passwords } from '../passwords/hashing.ts'
import { checkNewPassword, PasswordRefused } from '../passwords/policy.ts'
import { defineProblem } from '../problems/define.ts'
import { replacePassword } from './password.ts'
import { afterNewPassword } from './set-password.ts'
import { usernameKey } from './usernames.ts'

export const PasswordChangeNeeded = defineProblem('PASSWORD_CHANGE_NEEDED', 403, 'A new password is needed', {
  detail: 'Sign in again with a password of your own as `new_password`.',
  about:
    'An administrator has chosen the password of this account: it is right, and good for choosing another one. POST /login takes that as `new_password`, beside the username and the password.'
})

const forSignIn = (db: Db) =>
  db.selectFrom('users').select(['id', 'username', 'role', 'status', 'password_hash', 'must_change_password'])

/**
 * The account of a username or of a verified address, with what a sign-in needs, or undefined. A name comes first: some
 * from before look like addresses.
 */
export async function findForSignIn(db: Db, name: string) {
  const byName = await forSignIn(db).where('username_key', '=', usernameKey(name)).executeTakeFirst()
  if (byName || !name.includes('@')) return byName
  return forSignIn(db)
    .where('email_key', '=', addressKey(name) ?? '')
    .where('email_verified_at', 'is not', null)
    .executeTakeFirst()
}

/** Whether an account is active and still has the password that was compared, and will until the transaction ends. */
export async function mayStillSignIn(tx: Tx, { id, password_hash }: { id: number; password_hash: string }) {
  const row = await tx
    .selectFrom('users')
    .select('id')
    .where('id', '=', id)
    .where('status', '=', 'active')
    .where('password_hash', '=', password_hash)
    .where('kind', '=', 'person')
    .forUpdate()
    .executeTakeFirst()
  return row !== undefined
}

/** An active account with what a sign-in needs, which nobody changes before the transaction ends; undefined when it is gone. */
export const lockForSignIn = (tx: Tx, id: number) =>
  forSignIn(tx).where('id', '=', id).where('status', '=', 'active').forUpdate().executeTakeFirst()

/** Keeps a password under a new hash; the account itself does not change. */
export const replaceHash = (tx: Tx, id: number, password_hash: string) =>
  tx.updateTable('users').set({ password_hash }).where('id', '=', id).execute()

type Account = NonNullable<Awaited<ReturnType<typeof findForSignIn>>>

/**
 * The hash of the password that a sign-in chooses, or undefined; the present one was right.
 * @throws PasswordChangeNeeded when it has to choose one, PasswordRefused
 */
export async function hashChosen(
  passwords: Passwords,
  { username, must_change_password }: Account,
  { password, new_password }: { password: string; new_password?: string }
): Promise<string | undefined> {
  if (new_password === undefined) {
    if (must_change_password !== 0) throw new PasswordChangeNeeded()
    return undefined
  }
  checkNewPassword(new_password, username)
  if (new_password === password) throw new PasswordRefused('is the one that it is to replace')
  return passwords.hash(new_password)
}

/** Sets the password that a sign-in has chosen, on an account that the transaction has locked. */
export async function adoptChosen(
  tx: Tx,
  request: FastifyRequest,
  config: Config,
  account: Account,
  hash: string
) {
  await replacePassword(tx, account.id, account.password_hash, hash)
  await afterNewPassword(tx, config, account.id)
  await recordAudit(tx, request, { action: 'password.change', target: `user:${account.id}`, actor: account })
}
