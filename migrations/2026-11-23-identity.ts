import { type Kysely, PostgresAdapter, sql } from 'kysely'

// Instants sort as they are: RFC 3339 text in SQLite, timestamptz in PostgreSQL.
const isPostgres = (db: Kysely<any>) => db.getExecutor().adapter instanceof PostgresAdapter

export async function up(db: Kysely<any>): Promise<void> {
  const instant = isPostgres(db) ? 'timestamptz' : 'text'
  // Sorted byte by byte, as SQLite sorts: then a prefix is a range in both.
  const byteOrder = isPostgres(db) ? sql`text collate "C"` : 'text'

  await db.schema
    .createTable('roles')
    .addColumn('name', byteOrder, (column) => column.primaryKey().notNull())
    .addColumn('description', 'text', (column) => column.notNull())
    // A JSON array of permission names; ["*"] is every permission there is and will be.
    .addColumn('permissions', 'text', (column) => column.notNull())
    .addColumn('requests_per_minute', 'integer', (column) => column.notNull())
    .execute()

  await db.schema
    .createTable('users')
    .addColumn('id', 'integer', (column) =>
      isPostgres(db)
        ? column.generatedAlwaysAsIdentity().primaryKey()
        : // AUTOINCREMENT: the id of a deleted account is never given to another.
          column.autoIncrement().primaryKey().notNull()
    )
    .addColumn('username', 'text', (column) => column.notNull())
    // The NFKC form of the name without case: unique whatever collation the database has.
    .addColumn('username_key', byteOrder, (column) => column.notNull())
    .addColumn('password_hash', 'text', (column) => column.notNull())
    .addColumn('role', byteOrder, (column) => column.notNull().references('roles.name'))
    .addColumn('status', 'text', (column) => column.notNull().defaultTo('active'))
    .addColumn('version', 'integer', (column) => column.notNull().defaultTo(1))
    .addColumn('created_at', instant, (column) => column.notNull())
    .addColumn('updated_at', instant, (column) => column.notNull())
    .execute()
  await db.schema.createIndex('users_username_key').on('users').column('username_key').unique().execute()
  await db.schema.createIndex('users_role').on('users').columns(['role', 'id']).execute()

  await db.schema
    .createTable('sessions')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('user_id', 'integer', (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('created_at', instant, (column) => column.notNull())
    .addColumn('last_used_at', instant, (column) => column.notNull())
    .addColumn('expires_at', instant, (column) => column.notNull())
    .addColumn('user_agent', 'text')
    .addColumn('address', 'text', (column) => column.notNull())
    .execute()
  await db.schema.createIndex('sessions_user_id').on('sessions').columns(['user_id', 'id']).execute()
  await db.schema.createIndex('sessions_expires_at').on('sessions').column('expires_at').execute()

  await db.schema
    .createTable('refresh_tokens')
    .addColumn('token_hash', 'text', (column) => column.primaryKey().notNull())
    .addColumn('session_id', 'text', (column) =>
      column.notNull().references('sessions.id').onDelete('cascade')
    )
    .addColumn('created_at', instant, (column) => column.notNull())
    // Set when the token was exchanged; the row stays, so that a second use is seen as theft.
    .addColumn('spent_at', instant)
    .execute()
  await db.schema.createIndex('refresh_tokens_session_id').on('refresh_tokens').column('session_id').execute()

  await db
    .insertInto('roles')
    .values([
      { name: 'admin', description: 'May do everything', permissions: '["*"]', requests_per_minute: 100 },
      { name: 'user', description: 'May use the API as itself', permissions: '[]', requests_per_minute: 10 }
    ])
    .execute()
}

export async function down(db: Kysely<any>): Promise<void> {
  for (const table of ['refresh_tokens', 'sessions', 'users', 'roles'])
    await db.schema.dropTable(table).execute()
}
