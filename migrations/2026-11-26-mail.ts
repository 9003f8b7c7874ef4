import { type Kysely, PostgresAdapter, sql } from 'kysely'

const isPostgres = (db: Kysely<any>) => db.getExecutor().adapter instanceof PostgresAdapter

export async function up(db: Kysely<any>): Promise<void> {
  const instant = isPostgres(db) ? 'timestamptz' : 'text'
  // Compared byte for byte, whatever collation the database has.
  const byteOrder = isPostgres(db) ? sql`text collate "C"` : 'text'

  const users = db.schema.alterTable('users')
  await users.addColumn('email', 'text').execute()
  await users.addColumn('email_key', byteOrder).execute()
  await users.addColumn('email_verified_at', instant).execute()
  await users.addColumn('locale', 'text', (column) => column.notNull().defaultTo('en')).execute()
  const flag = users.addColumn('must_change_password', 'integer', (column) => column.notNull().defaultTo(0))
  await flag.execute()
  // An address that nobody has shown to be theirs keeps nobody else from it.
  await db.schema
    .createIndex('users_email_key')
    .on('users')
    .column('email_key')
    .unique()
    .where(sql<boolean>`email_verified_at is not null`)
    .execute()

  await db.schema
    .createTable('one_time_tokens')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('purpose', 'text', (column) => column.notNull())
    // Drawn when the mail is sent. The one before goes on working: mail programs keep one of two mails with one id.
    .addColumn('hash', 'text')
    .addColumn('prior_hash', 'text')
    // Null for an invitation, and for a recovery that nobody can be sent.
    .addColumn('user_id', 'integer', (column) => column.references('users.id').onDelete('cascade'))
    .addColumn('email', 'text', (column) => column.notNull())
    .addColumn('email_key', byteOrder, (column) => column.notNull())
    .addColumn('role', byteOrder, (column) => column.references('roles.name').onDelete('cascade'))
    .addColumn('invited_by', 'integer', (column) => column.references('users.id').onDelete('cascade'))
    .addColumn('created_at', instant, (column) => column.notNull())
    .addColumn('expires_at', instant, (column) => column.notNull())
    .execute()
  const tokens = (name: string) => db.schema.createIndex(`one_time_tokens_${name}`).on('one_time_tokens')
  await tokens('hash').column('hash').unique().execute()
  await tokens('prior_hash').column('prior_hash').execute()
  await tokens('user_id').columns(['user_id', 'purpose']).execute()
  await tokens('invited_by').column('invited_by').execute()
  await tokens('role').column('role').execute()
  await tokens('expires_at').column('expires_at').execute()
  // One open invitation for each address.
  await tokens('invitation')
    .column('email_key')
    .unique()
    .where(sql<boolean>`purpose = 'invitation'`)
    .execute()

  await db.schema
    .createTable('mail_outbox')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('user_id', 'integer', (column) => column.references('users.id').onDelete('cascade'))
    // A mail whose token was withdrawn is not sent any more; that it was sent is kept.
    .addColumn('token_id', 'text', (column) => column.references('one_time_tokens.id').onDelete('set null'))
    // Null is nobody.
    .addColumn('email', 'text')
    .addColumn('locale', 'text', (column) => column.notNull())
    .addColumn('details', 'text', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('created_at', instant, (column) => column.notNull())
    // When it is due; null once it was sent or given up.
    .addColumn('next_at', instant)
    .addColumn('sent_at', instant)
    .addColumn('failed_at', instant)
    .addColumn('error', 'text')
    .execute()
  const outbox = (name: string) => db.schema.createIndex(`mail_outbox_${name}`).on('mail_outbox')
  await outbox('next_at').column('next_at').where('next_at', 'is not', null).execute()
  await outbox('created_at').columns(['created_at', 'id']).execute()
  await outbox('user_id').column('user_id').execute()
  await outbox('token_id').column('token_id').execute()

  // Which process does what only one may do, and until when.
  await db.schema
    .createTable('leases')
    .addColumn('name', 'text', (column) => column.primaryKey().notNull())
    .addColumn('holder', 'text', (column) => column.notNull())
    .addColumn('expires_at', instant, (column) => column.notNull())
    .execute()

  // A network and a program that an account has signed in with, hashed.
  await db.schema
    .createTable('known_devices')
    .addColumn('user_id', 'integer', (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('device', 'text', (column) => column.notNull())
    .addColumn('last_seen_at', instant, (column) => column.notNull())
    .addPrimaryKeyConstraint('known_devices_key', ['user_id', 'device'])
    .execute()
  await db.schema
    .createIndex('known_devices_last_seen_at')
    .on('known_devices')
    .column('last_seen_at')
    .execute()
}

export async function down(db: Kysely<any>): Promise<void> {
  for (const table of ['known_devices', 'leases', 'mail_outbox', 'one_time_tokens'])
    await db.schema.dropTable(table).execute()
  await db.schema.dropIndex('users_email_key').execute()
  for (const column of ['email', 'email_key', 'email_verified_at', 'locale', 'must_change_password'])
    await db.schema.alterTable('users').dropColumn(column).execute()
}
