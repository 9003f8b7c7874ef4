import { pageOf } from '../../schemas/cursor.ts'
import type { Db } from '../../plugins/db/transaction.ts'

const shown = ['id', 'username', 'role', 'status', 'created_at', 'updated_at'] as const

/** A page of accounts by id, after the id of the page before. */
export async function listUsers(db: Db, limit: number, after = 0) {
  const rows = await db
    .selectFrom('users')
    .select(shown)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit + 1)
    .execute()
  const { page, next_cursor } = pageOf(rows, limit, ({ id }) => [id])
  return { users: page, next_cursor }
}
