import { type Kysely, PostgresAdapter, sql } from 'kysely'

// Addresses stand in one spelling from now on: IPv4 not written as IPv6, and `unknown` for what is no address. What a
// proxy or a client made of them before is put right, so that lists, filters and answers agree.
export async function up(db: Kysely<any>): Promise<void> {
  const isPostgres = db.getExecutor().adapter instanceof PostgresAdapter
  const isOdd = isPostgres
    ? sql`address !~ '^[0-9a-f:.]+$'`
    : sql`address glob '*[^0-9a-f:.]*' or address = ''`
  for (const table of ['sessions', 'audit']) {
    await sql`update ${sql.table(table)} set address = lower(address) where address <> lower(address)`.execute(
      db
    )
    await sql`update ${sql.table(table)} set address = substr(address, 8) where address like '::ffff:%.%'`.execute(
      db
    )
    await sql`update ${sql.table(table)} set address = 'unknown' where ${isOdd}`.execute(db)
  }
}

/** The spellings from before are not kept, and every release reads these. */
export async function down(): Promise<void> {
  return Promise.resolve()
}
