import type { Kysely } from 'kysely'

export async function up(db: Kysely<any>): Promise<void> {
  // What a sign-in said of the way it came: it tells whether the right proxies are trusted.
  await db.schema.alterTable('sessions').addColumn('forwarded_for', 'text').execute()
}

export async function down(db: Kysely<any>): Promise<void> {
  await db.schema.alterTable('sessions').dropColumn('forwarded_for').execute()
}
