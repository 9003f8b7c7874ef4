import { touch } from '../changes/touched.ts'
import type { Tx } from '../database/database.ts'

/** Takes an account the keys that it was given since an instant: they are whoever's that has taken it over by then. */
export async function dropKeysSince(tx: Tx, userId: number, since: string) {
  touch(tx, 'users', userId)
  await tx.deleteFrom('api_keys').where('user_id', '=', userId).where('created_at', '>=', since).execute()
}
