import { type Kysely, PostgresAdapter, sql } from 'kysely'

/** SQLite adds no column that is not null without a default: this one is never recent. */
const longAgo = '1970-01-01T00:00:00.000Z'

export async function up(db: Kysely<any>): Promise<void> {
  const instant = db.getExecutor().adapter instanceof PostgresAdapter ? 'timestamptz' : 'text'
  const sessions = db.schema.alterTable('sessions')
  await sessions.addColumn('auth_time', instant, (column) => column.notNull().defaultTo(longAgo)).execute()
  await sessions.addColumn('amr', 'text', (column) => column.notNull().defaultTo('pwd')).execute()
  await sessions.addColumn('kind', 'text', (column) => column.notNull().defaultTo('sign_in')).execute()
  // Every session so far began with a password, and nobody was asked for it again.
  await sql`update sessions set auth_time = created_at`.execute(db)
}

export async function down(db: Kysely<any>): Promise<void> {
  for (const column of ['auth_time', 'amr', 'kind'])
    await db.schema.alterTable('sessions').dropColumn(column).execute()
}
