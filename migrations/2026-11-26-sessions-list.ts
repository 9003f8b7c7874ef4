import type { Kysely } from 'kysely'

export async function up(db: Kysely<any>): Promise<void> {
  // What the list of everybody's sessions is read by.
  await db.schema.createIndex('sessions_created_at').on('sessions').columns(['created_at', 'id']).execute()
}

export async function down(db: Kysely<any>): Promise<void> {
  await db.schema.dropIndex('sessions_created_at').execute()
}
