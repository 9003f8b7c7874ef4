import type { Db, Tx } from '../../plugins/db/transaction.ts'

/** The account with this username key, with what a sign-in needs, or undefined. */
export const findForSignIn = (db: Db, key: string) =>
  db
    .selectFrom('users')
    .select(['id', 'username', 'role', 'status', 'password_hash'])
    .where('username_key', '=', key)
    .executeTakeFirst()

/** Whether an account is active and still has the password that was compared. */
export async function mayStillSignIn(db: Db, { id, password_hash }: { id: number; password_hash: string }) {
  const row = await db
    .selectFrom('users')
    .select('id')
    .where('id', '=', id)
    .where('status', '=', 'active')
    .where('password_hash', '=', password_hash)
    .executeTakeFirst()
  return row !== undefined
}

/** Keeps a password under a new hash; the account itself does not change. */
export const replaceHash = (tx: Tx, id: number, password_hash: string) =>
  tx.updateTable('users').set({ password_hash }).where('id', '=', id).execute()
