import { sql } from 'kysely'
import type { Db } from '../database/database.ts'
import { hasPasskey } from '../passkeys/passkeys.ts'
import { countCodes } from './recovery-codes.ts'

/** What proves who somebody is beside the password: the member of a request that brings it. */
export type Method = 'code' | 'passkey' | 'recovery_code'

/** In a query of `users`: whether an account has a second factor. */
export const hasFactor = sql<boolean | number>`(exists (
  select 1 from factors where factors.user_id = users.id and factors.confirmed_at is not null
) or exists (select 1 from passkeys where passkeys.user_id = users.id))`

/** Whether an account has an app that makes codes. */
const hasTotp = async (db: Db, userId: number) =>
  (await db
    .selectFrom('factors')
    .select('id')
    .where('user_id', '=', userId)
    .where('confirmed_at', 'is not', null)
    .limit(1)
    .executeTakeFirst()) !== undefined

/**
 * By what an account proves who it is beside its password; none is an account with a password alone. Recovery codes are a
 * way around a factor: alone they are none.
 */
export async function methodsOf(db: Db, userId: number): Promise<Method[]> {
  const factors: Method[] = []
  if (await hasTotp(db, userId)) factors.push('code')
  if (await hasPasskey(db, userId)) factors.push('passkey')
  return factors.length > 0 && (await countCodes(db, userId)) > 0 ? [...factors, 'recovery_code'] : factors
}
