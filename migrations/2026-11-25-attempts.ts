import { type Kysely, PostgresAdapter } from 'kysely'

const instantOf = (db: Kysely<any>) =>
  db.getExecutor().adapter instanceof PostgresAdapter ? 'timestamptz' : 'text'

// Failures are remembered for an hour: the table is made anew.
export async function up(db: Kysely<any>): Promise<void> {
  const instant = instantOf(db)
  await db.schema.dropTable('sign_in_attempts').execute()
  await db.schema
    .createTable('sign_in_attempts')
    .addColumn('subject', 'text', (column) => column.notNull())
    .addColumn('source', 'text', (column) => column.notNull())
    .addColumn('failures', 'integer', (column) => column.notNull())
    .addColumn('held', 'integer', (column) => column.notNull())
    .addColumn('held_until', instant, (column) => column.notNull())
    .addColumn('next_at', instant, (column) => column.notNull())
    .addColumn('expires_at', instant, (column) => column.notNull())
    .addPrimaryKeyConstraint('sign_in_attempts_key', ['subject', 'source'])
    .execute()
  const expiry = db.schema.createIndex('sign_in_attempts_expires_at').on('sign_in_attempts')
  await expiry.column('expires_at').execute()

  await db.schema
    .createTable('known_networks')
    .addColumn('user_id', 'integer', (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('network', 'text', (column) => column.notNull())
    .addColumn('last_seen_at', instant, (column) => column.notNull())
    .addPrimaryKeyConstraint('known_networks_key', ['user_id', 'network'])
    .execute()
  // What the clean-up looks for.
  const age = db.schema.createIndex('known_networks_last_seen_at').on('known_networks')
  await age.column('last_seen_at').execute()
}

export async function down(db: Kysely<any>): Promise<void> {
  const instant = instantOf(db)
  for (const table of ['known_networks', 'sign_in_attempts']) await db.schema.dropTable(table).execute()
  await db.schema
    .createTable('sign_in_attempts')
    .addColumn('key', 'text', (column) => column.primaryKey().notNull())
    .addColumn('failures', 'integer', (column) => column.notNull())
    .addColumn('next_at', instant, (column) => column.notNull())
    .addColumn('expires_at', instant, (column) => column.notNull())
    .execute()
  const expiry = db.schema.createIndex('sign_in_attempts_expires_at').on('sign_in_attempts')
  await expiry.column('expires_at').execute()
}
