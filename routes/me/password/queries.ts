import type { Db, Tx } from '../../../plugins/db/transaction.ts'

/** The hash of an account's password; undefined when the account is gone. */
export async function findPasswordHash(db: Db, id: number) {
  const row = await db.selectFrom('users').select('password_hash').where('id', '=', id).executeTakeFirst()
  return row?.password_hash
}

/** Sets a new password where the old one is still the one that was compared; answers whether it was. */
export async function replacePassword(tx: Tx, id: number, known: string | undefined, password_hash: string) {
  if (known === undefined) return false
  const { numUpdatedRows } = await tx
    .updateTable('users')
    .set(({ eb }) => ({
      password_hash,
      version: eb('version', '+', 1),
      updated_at: new Date().toISOString()
    }))
    .where('id', '=', id)
    .where('password_hash', '=', known)
    .executeTakeFirstOrThrow()
  return numUpdatedRows > 0n
}
