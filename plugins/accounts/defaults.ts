import { type Config, defaultPasswords } from '../config.ts'
import type { Db } from '../db/transaction.ts'
import { usernameKey } from './usernames.ts'

/** The accounts of the guide. */
export const demoAccounts = [
  { username: 'admin', password: 'password123', role: 'admin' },
  { username: 'user', password: 'password123', role: 'user' }
]

/** The names of the first administrator and the guide's accounts, of those that are active with a default password. */
export async function accountsWithDefaults(
  db: Db,
  { ADMIN_USERNAME }: Config,
  verify: (password: string, hash: string) => Promise<boolean>
): Promise<string[]> {
  const names = [ADMIN_USERNAME, ...demoAccounts.map(({ username }) => username)]
  const rows = await db
    .selectFrom('users')
    .select(['username', 'password_hash'])
    .where('username_key', 'in', names.map(usernameKey))
    .where('status', '=', 'active')
    .orderBy('id')
    .execute()
  const found: string[] = []
  for (const { username, password_hash } of rows) {
    for (const password of defaultPasswords) {
      if (!(await verify(password, password_hash))) continue
      found.push(username)
      break
    }
  }
  return found
}
