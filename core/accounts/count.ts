import { setImmediate } from 'node:timers/promises'
import { isPostgres } from '../database/backend.ts'
import type { Db } from '../database/database.ts'

/** Accounts counted by one statement: SQLite counts on the event loop. */
const window = 10_000

/** How many active accounts there are, of those with ids in a range. */
async function countBetween(db: Db, after: number, to: number | undefined): Promise<number> {
  let query = db
    .selectFrom('users')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('status', '=', 'active')
    .where('id', '>', after)
  if (to !== undefined) query = query.where('id', '<=', to)
  return Number((await query.executeTakeFirstOrThrow()).count)
}

/** How many active accounts there are: all of them are looked at, in SQLite a part at a time; worth caching. */
export async function countAccounts(db: Db): Promise<number> {
  let count = 0
  let after = 0
  for (;;) {
    const next = db.selectFrom('users').select('id').where('id', '>', after).orderBy('id').offset(window)
    const to = isPostgres(db) ? undefined : (await next.limit(1).executeTakeFirst())?.id
    count += await countBetween(db, after, to)
    if (to === undefined) return count
    after = to
    await setImmediate()
  }
}
