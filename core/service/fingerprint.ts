import { createHmac } from 'node:crypto'
import type { Db } from '../database/database.ts'
import type { KeyRing } from '../tokens/keys.ts'

/**
 * What tells this service from others: the same for all instances on one database that know one key. A copy of the
 * database elsewhere has other keys. It says nothing of either.
 */
export async function serviceFingerprint(db: Db, { oldest }: KeyRing): Promise<string> {
  const { id } = await db.selectFrom('service').select('id').executeTakeFirstOrThrow()
  return createHmac('sha256', oldest.signWith).update(`service ${id}`).digest('base64url').slice(0, 16)
}
