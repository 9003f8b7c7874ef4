import type { Kysely } from 'kysely'
import { randomUUID } from 'node:crypto'

export async function up(db: Kysely<any>): Promise<void> {
  await db.schema
    .createTable('service')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .execute()
  // Two services may share a Redis: each has to know what was kept of its own database.
  await db.insertInto('service').values({ id: randomUUID() }).execute()
}

export async function down(db: Kysely<any>): Promise<void> {
  await db.schema.dropTable('service').execute()
}
