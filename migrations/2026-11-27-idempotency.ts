import { type Kysely, PostgresAdapter } from 'kysely'

export async function up(db: Kysely<any>): Promise<void> {
  const isPostgres = db.getExecutor().adapter instanceof PostgresAdapter
  await db.schema
    .createTable('idempotency')
    .addColumn('key_hash', 'text', (column) => column.primaryKey().notNull())
    .addColumn('fingerprint', 'text', (column) => column.notNull())
    // Encrypted by a key that only the header of the request holds.
    .addColumn('answer', 'text', (column) => column.notNull())
    .addColumn('expires_at', isPostgres ? 'timestamptz' : 'text', (column) => column.notNull())
    .execute()
  await db.schema.createIndex('idempotency_expires_at').on('idempotency').column('expires_at').execute()
}

export async function down(db: Kysely<any>): Promise<void> {
  await db.schema.dropTable('idempotency').execute()
}
