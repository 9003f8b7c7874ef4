import { touch } from '../changes/touched.ts'
import type { Db, Tx } from '../database/database.ts'
import { defineProblem } from '../problems/define.ts'

export const WrongPassword = defineProblem('WRONG_PASSWORD', 403, 'Wrong password', {
  detail: 'The current password is not this one.',
  about:
    'Changing a password or an address, and proving again who you are, needs the current one. Of several changes at once the first makes the others wrong.'
})

/** The hash of an account's password; undefined when the account is gone. */
export async function findPasswordHash(db: Db, id: number) {
  const row = await db.selectFrom('users').select('password_hash').where('id', '=', id).executeTakeFirst()
  return row?.password_hash
}

/** Sets a new password where the old one is still the one that was compared; answers whether it was. */
export async function replacePassword(tx: Tx, id: number, known: string | undefined, password_hash: string) {
  if (known === undefined) return false
  touch(tx, 'users', id)
  const { numUpdatedRows } = await tx
    .updateTable('users')
    .set(({ eb }) => ({
      password_hash,
      must_change_password: 0,
      version: eb('version', '+', 1),
      updated_at: new Date().toISOString()
    }))
    .where('id', '=', id)
    .where('password_hash', '=', known)
    .executeTakeFirstOrThrow()
  return numUpdatedRows > 0n
}
