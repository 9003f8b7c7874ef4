import type { Test } from 'tap'
import type { Db } from '../core/database/database.ts'
import { migrateUp } from '../core/database/migrator.ts'
import { openDatabase } from '../core/database/open.ts'
import type { Passwords } from '../core/passwords/hashing.ts'
import { serviceDatabase } from './database.ts'

/** The password of both accounts. */
export const password = 'a walk in the rain'

/** Passwords that are hashed at no cost; a hash that begins with `old` is of a cost that was. */
export const readableHashes: Passwords = {
  hash: (text) => Promise.resolve(`hash of ${text}`),
  verify: (text, hash) => Promise.resolve(hash?.replace('old ', '') === `hash of ${text}`),
  isCurrent: (hash) => !hash.startsWith('old '),
  waiting: () => 0
}

/** A database with two accounts, of which ada has the id 1, and bob 2. */
export async function withAccounts(t: Test): Promise<Db> {
  const db = openDatabase(await serviceDatabase(t))
  t.teardown(() => db.destroy())
  await migrateUp(db)
  const at = new Date().toISOString()
  for (const username of ['ada', 'bob'])
    await db
      .insertInto('users')
      .values({
        username,
        username_key: username,
        password_hash: `hash of ${password}`,
        role: 'user',
        created_at: at,
        updated_at: at
      })
      .execute()
  return db
}
