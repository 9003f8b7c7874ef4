import { isExposed } from '../config/exposure.ts'
import type { Config } from '../config/load.ts'
import type { Db } from '../database/database.ts'
import { usernameKey } from './usernames.ts'

/** The accounts of the guide. */
export const demoAccounts = [
  { username: 'admin', password: 'password123', role: 'admin' },
  { username: 'user', password: 'password123', role: 'user' }
] as const

/** The passwords that the guide prints, or that everybody tries first, of those that a first account can have. */
export const defaultPasswords = ['password123', 'password', 'admin123', 'changeme']

/** Whether one of some promises turns out true. */
const any = async (promises: Promise<boolean>[]) => (await Promise.all(promises)).includes(true)

/**
 * The names of the accounts that a first start may have made, of those that are active with a default password: those
 * with the first ids, whatever they are called now, and those that are named so. `verify` is given all at once.
 */
export async function accountsWithDefaults(
  db: Db,
  { ADMIN_USERNAME }: Config,
  verify: (password: string, hash: string) => Promise<boolean>
): Promise<string[]> {
  const names = [ADMIN_USERNAME, ...demoAccounts.map(({ username }) => username)]
  const rows = await db
    .selectFrom('users')
    .select(['username', 'password_hash'])
    .where((eb) =>
      eb.or([eb('username_key', 'in', names.map(usernameKey)), eb('id', '<=', demoAccounts.length)])
    )
    .where('status', '=', 'active')
    .orderBy('id')
    .execute()
  const found = await Promise.all(
    rows.map(({ password_hash }) => any(defaultPasswords.map((password) => verify(password, password_hash))))
  )
  return rows.flatMap(({ username }, index) => (found[index] ? [username] : []))
}

/** The demo accounts as bodies to sign in with, while they have the guide's passwords. */
export function demoLogins(config: Config) {
  if (isExposed(config)) return {}
  const unchanged = config.ADMIN_USERNAME === 'admin' && config.ADMIN_PASSWORD === undefined
  return Object.fromEntries(
    demoAccounts
      .filter(({ role }) => role !== 'admin' || unchanged)
      .map(({ username, password }) => [
        username,
        { summary: `The demo account ${username}`, value: { username, password } }
      ])
  )
}
