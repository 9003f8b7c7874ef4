import type { Db } from '../../plugins/db/transaction.ts'

/** How many active accounts there are: a scan of the table, worth caching. */
export async function countAccounts(db: Db): Promise<number> {
  const { count } = await db
    .selectFrom('users')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('status', '=', 'active')
    .executeTakeFirstOrThrow()
  return Number(count)
}
