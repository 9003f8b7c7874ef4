import { type Kysely, PostgresAdapter, sql } from 'kysely'

const isPostgres = (db: Kysely<any>) => db.getExecutor().adapter instanceof PostgresAdapter

export async function up(db: Kysely<any>): Promise<void> {
  const instant = isPostgres(db) ? 'timestamptz' : 'text'
  // Compared byte for byte, whatever collation the database has.
  const byteOrder = isPostgres(db) ? sql`text collate "C"` : 'text'
  await db.schema
    .createTable('api_keys')
    .addColumn('id', byteOrder, (column) => column.primaryKey().notNull())
    .addColumn('user_id', 'integer', (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addColumn('permissions', 'text', (column) => column.notNull())
    .addColumn('requests_per_minute', 'integer')
    .addColumn('allowed_networks', 'text', (column) => column.notNull())
    .addColumn('created_at', instant, (column) => column.notNull())
    .addColumn('expires_at', instant, (column) => column.notNull())
    .addColumn('last_used_at', instant)
    // The key that was made in its place.
    .addColumn('replaced_by', 'text')
    .execute()
  const keys = (name: string) => db.schema.createIndex(`api_keys_${name}`).on('api_keys')
  await keys('user_id').columns(['user_id', 'created_at', 'id']).execute()
  await keys('expires_at').column('expires_at').execute()
  // The key that acted, in an entry made by one.
  await db.schema.alterTable('audit').addColumn('key_id', 'text').execute()
}

export async function down(db: Kysely<any>): Promise<void> {
  await db.schema.alterTable('audit').dropColumn('key_id').execute()
  await db.schema.dropTable('api_keys').execute()
}
