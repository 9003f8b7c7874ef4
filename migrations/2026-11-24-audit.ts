import { type Kysely, PostgresAdapter } from 'kysely'

const isPostgres = (db: Kysely<any>) => db.getExecutor().adapter instanceof PostgresAdapter

export async function up(db: Kysely<any>): Promise<void> {
  const instant = isPostgres(db) ? 'timestamptz' : 'text'

  // No foreign keys: an entry outlives what it tells of.
  await db.schema
    .createTable('audit')
    .addColumn('id', 'integer', (column) =>
      isPostgres(db)
        ? column.generatedAlwaysAsIdentity().primaryKey()
        : column.autoIncrement().primaryKey().notNull()
    )
    .addColumn('at', instant, (column) => column.notNull())
    .addColumn('actor_id', 'integer')
    .addColumn('actor', 'text')
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('target', 'text')
    .addColumn('address', 'text', (column) => column.notNull())
    .addColumn('request_id', 'text', (column) => column.notNull())
    .addColumn('changes', 'text', (column) => column.notNull())
    .execute()
  for (const column of ['at', 'actor_id', 'actor', 'action', 'target']) {
    await db.schema.createIndex(`audit_${column}`).on('audit').columns([column, 'id']).execute()
  }

  await db.schema
    .createTable('sign_in_attempts')
    .addColumn('key', 'text', (column) => column.primaryKey().notNull())
    .addColumn('failures', 'integer', (column) => column.notNull())
    .addColumn('next_at', instant, (column) => column.notNull())
    .addColumn('expires_at', instant, (column) => column.notNull())
    .execute()
  await db.schema
    .createIndex('sign_in_attempts_expires_at')
    .on('sign_in_attempts')
    .column('expires_at')
    .execute()
  // What the clean-up looks for.
  await db.schema.createIndex('refresh_tokens_spent_at').on('refresh_tokens').column('spent_at').execute()
}

export async function down(db: Kysely<any>): Promise<void> {
  await db.schema.dropIndex('refresh_tokens_spent_at').execute()
  for (const table of ['sign_in_attempts', 'audit']) await db.schema.dropTable(table).execute()
}
