import type { Kysely } from 'kysely'

export async function up(db: Kysely<any>): Promise<void> {
  await db.schema
    .alterTable('users')
    .addColumn('kind', 'text', (column) => column.notNull().defaultTo('person'))
    .execute()
  await db.schema.createIndex('users_kind').on('users').columns(['kind', 'id']).execute()
}

export async function down(db: Kysely<any>): Promise<void> {
  await db.schema.dropIndex('users_kind').execute()
  await db.schema.alterTable('users').dropColumn('kind').execute()
}
