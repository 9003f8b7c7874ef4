import { sql } from 'kysely'
import type { Config } from '../config/load.ts'
import type { Db } from '../database/database.ts'
import { hasFactor } from '../factors/methods.ts'

/** Names the administrators without a second factor: whoever keeps the others safe should not lose all with a password. */
export async function checkFactors(db: Db, { NODE_ENV }: Config): Promise<string> {
  const admins = db.selectFrom('users').select('username').where('role', '=', 'admin')
  const without = admins.where('status', '=', 'active').where(sql<boolean>`not ${hasFactor}`)
  const found = (await without.orderBy('id').limit(10).execute()).map(({ username }) => username)
  if (found.length === 0) return 'every administrator has one'
  const text = `administrators without one: ${found.join(', ')}`
  return NODE_ENV === 'production' ? `WARNING: ${text}; a stolen password is enough there` : text
}
