import { type Kysely, PostgresAdapter, sql } from 'kysely'

export async function up(db: Kysely<any>): Promise<void> {
  const isPostgres = db.getExecutor().adapter instanceof PostgresAdapter
  const instant = isPostgres ? 'timestamptz' : 'text'
  // Compared byte for byte, whatever collation the database has.
  const byteOrder = isPostgres ? sql`text collate "C"` : 'text'

  // What authenticators know the account by: drawn at random, as they show it to whoever holds them.
  await db.schema.alterTable('users').addColumn('passkey_handle', 'text').execute()

  await db.schema
    .createTable('passkeys')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('user_id', 'integer', (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('credential_id', byteOrder, (column) => column.notNull())
    .addColumn('rp_id', 'text', (column) => column.notNull())
    .addColumn('public_key', 'text', (column) => column.notNull())
    // 32 bits without a sign.
    .addColumn('counter', isPostgres ? 'bigint' : 'integer', (column) => column.notNull())
    .addColumn('transports', 'text', (column) => column.notNull())
    .addColumn('backup_eligible', 'integer', (column) => column.notNull())
    .addColumn('backed_up', 'integer', (column) => column.notNull())
    .addColumn('aaguid', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('created_at', instant, (column) => column.notNull())
    .addColumn('last_used_at', instant)
    .execute()
  const passkeys = (name: string) => db.schema.createIndex(`passkeys_${name}`).on('passkeys')
  await passkeys('credential_id').column('credential_id').unique().execute()
  await passkeys('user_id').columns(['user_id', 'created_at']).execute()
  await passkeys('rp_id').column('rp_id').execute()

  // Challenges that were used, for as long as they would be good.
  await db.schema
    .createTable('passkey_challenges')
    .addColumn('hash', 'text', (column) => column.primaryKey().notNull())
    .addColumn('expires_at', instant, (column) => column.notNull())
    .execute()
  await db.schema
    .createIndex('passkey_challenges_expires_at')
    .on('passkey_challenges')
    .column('expires_at')
    .execute()
}

export async function down(db: Kysely<any>): Promise<void> {
  await db.schema.dropTable('passkey_challenges').execute()
  await db.schema.dropTable('passkeys').execute()
  await db.schema.alterTable('users').dropColumn('passkey_handle').execute()
}
