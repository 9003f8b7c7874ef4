import { type Kysely, PostgresAdapter } from 'kysely'

export async function up(db: Kysely<any>): Promise<void> {
  const isPostgres = db.getExecutor().adapter instanceof PostgresAdapter
  const instant = isPostgres ? 'timestamptz' : 'text'

  await db.schema
    .createTable('factors')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('user_id', 'integer', (column) => column.notNull().references('users.id').onDelete('cascade'))
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    // Sealed: whoever reads the database alone makes no codes.
    .addColumn('secret', 'text', (column) => column.notNull())
    // Every code counts once: those of this step of time, and before it, count no more.
    .addColumn('last_step', 'integer')
    .addColumn('created_at', instant, (column) => column.notNull())
    .addColumn('confirmed_at', instant)
    .addColumn('last_used_at', instant)
    .execute()
  await db.schema.createIndex('factors_user_id').on('factors').column('user_id').execute()

  await db.schema
    .createTable('recovery_codes')
    .addColumn('hash', 'text', (column) => column.primaryKey().notNull())
    .addColumn('user_id', 'integer', (column) => column.notNull().references('users.id').onDelete('cascade'))
    .execute()
  await db.schema.createIndex('recovery_codes_user_id').on('recovery_codes').column('user_id').execute()

  await db.schema
    .createTable('sign_in_challenges')
    .addColumn('hash', 'text', (column) => column.primaryKey().notNull())
    .addColumn('user_id', 'integer', (column) => column.notNull().references('users.id').onDelete('cascade'))
    // Which password was right: with another one the challenge is over.
    .addColumn('password_digest', 'text', (column) => column.notNull())
    // The password that the sign-in chooses, hashed; it counts once the second factor was right.
    .addColumn('chosen_hash', 'text')
    .addColumn('tries', 'integer', (column) => column.notNull().defaultTo(0))
    .addColumn('created_at', instant, (column) => column.notNull())
    .addColumn('expires_at', instant, (column) => column.notNull())
    .execute()
  const challenges = (name: string) =>
    db.schema.createIndex(`sign_in_challenges_${name}`).on('sign_in_challenges')
  await challenges('user_id').columns(['user_id', 'created_at']).execute()
  await challenges('expires_at').column('expires_at').execute()
}

export async function down(db: Kysely<any>): Promise<void> {
  for (const table of ['sign_in_challenges', 'recovery_codes', 'factors'])
    await db.schema.dropTable(table).execute()
}
