import { type Kysely, PostgresAdapter, sql } from 'kysely'

const isPostgres = (db: Kysely<any>) => db.getExecutor().adapter instanceof PostgresAdapter
const instantOf = (db: Kysely<any>) => (isPostgres(db) ? 'timestamptz' : 'text')

// A session judges its own refresh tokens; a row for each that was ever given out is kept no more.
export async function up(db: Kysely<any>): Promise<void> {
  const instant = instantOf(db)
  const sessions = db.schema.alterTable('sessions')
  // By what its tokens have in common, as a hash. SQLite adds no column that is not null without a default.
  await sessions.addColumn('family', 'text', (column) => column.notNull().defaultTo('')).execute()
  // The hash of the live token, and of the one that it was exchanged for.
  await sessions.addColumn('token_hash', 'text', (column) => column.notNull().defaultTo('')).execute()
  await sessions.addColumn('parent_hash', 'text').execute()
  // Makes the live token of its parent, and nothing without that.
  await sessions.addColumn('salt', 'text').execute()
  await sessions.addColumn('generation', 'integer', (column) => column.notNull().defaultTo(0)).execute()
  // When a token of the last exchange was first used; the same of the exchange before.
  await sessions.addColumn('used_at', instant).execute()
  await sessions.addColumn('prior_salt', 'text').execute()
  await sessions.addColumn('prior_used_at', instant).execute()

  await sql`
    update sessions set
      token_hash = coalesce((
        select token_hash from refresh_tokens
        where session_id = sessions.id and spent_at is null order by created_at desc limit 1), id),
      parent_hash = (
        select token_hash from refresh_tokens
        where session_id = sessions.id and spent_at is not null order by spent_at desc limit 1),
      used_at = coalesce((
        select max(spent_at) from refresh_tokens where session_id = sessions.id), created_at)`.execute(db)
  // What the tokens of then have in common nobody knows: the live one is a family of its own until it is exchanged.
  await sql`update sessions set family = token_hash`.execute(db)

  await db.schema.createIndex('sessions_family').on('sessions').column('family').unique().execute()
  await db.schema
    .createIndex('sessions_parent_hash')
    .on('sessions')
    .column('parent_hash')
    .where(sql<boolean>`family = token_hash`)
    .execute()
  await db.schema.dropIndex('sessions_user_id').execute()
  const columns = ['user_id', 'created_at', 'id']
  await db.schema.createIndex('sessions_user_id').on('sessions').columns(columns).execute()
  await db.schema.dropTable('refresh_tokens').execute()
}

export async function down(db: Kysely<any>): Promise<void> {
  const instant = instantOf(db)
  await db.schema
    .createTable('refresh_tokens')
    .addColumn('token_hash', 'text', (column) => column.primaryKey().notNull())
    .addColumn('session_id', 'text', (column) =>
      column.notNull().references('sessions.id').onDelete('cascade')
    )
    .addColumn('created_at', instant, (column) => column.notNull())
    .addColumn('spent_at', instant)
    .execute()
  const into = sql`insert into refresh_tokens (token_hash, session_id, created_at, spent_at)`
  await sql`${into} select token_hash, id, last_used_at, null from sessions`.execute(db)
  await sql`${into} select parent_hash, id, created_at, last_used_at from sessions
    where parent_hash is not null`.execute(db)
  await db.schema.createIndex('refresh_tokens_session_id').on('refresh_tokens').column('session_id').execute()
  await db.schema.createIndex('refresh_tokens_spent_at').on('refresh_tokens').column('spent_at').execute()

  for (const index of ['sessions_family', 'sessions_parent_hash', 'sessions_user_id'])
    await db.schema.dropIndex(index).execute()
  for (const column of [
    'family',
    'token_hash',
    'parent_hash',
    'salt',
    'generation',
    'used_at',
    'prior_salt',
    'prior_used_at'
  ])
    await db.schema.alterTable('sessions').dropColumn(column).execute()
  await db.schema.createIndex('sessions_user_id').on('sessions').columns(['user_id', 'id']).execute()
}
