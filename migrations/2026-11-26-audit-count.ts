import { type Kysely, PostgresAdapter, sql } from 'kysely'

// What strangers can cause as often as they like is counted in one entry, instead of leaving one each.
export async function up(db: Kysely<any>): Promise<void> {
  const isPostgres = db.getExecutor().adapter instanceof PostgresAdapter
  const audit = db.schema.alterTable('audit')
  await audit.addColumn('count', 'integer', (column) => column.notNull().defaultTo(1)).execute()
  // What an entry counts, beginning with the hour, in the order of bytes: so those of an hour are a range.
  await audit.addColumn('counted_as', isPostgres ? sql`text collate "C"` : 'text').execute()
  const counted = db.schema.createIndex('audit_counted_as').on('audit').column('counted_as').unique()
  await counted.where('counted_as', 'is not', null).execute()
}

export async function down(db: Kysely<any>): Promise<void> {
  await db.schema.dropIndex('audit_counted_as').execute()
  for (const column of ['counted_as', 'count'])
    await db.schema.alterTable('audit').dropColumn(column).execute()
}
