import { type Kysely, PostgresAdapter } from 'kysely'

const isPostgres = (db: Kysely<any>) => db.getExecutor().adapter instanceof PostgresAdapter

export async function up(db: Kysely<any>): Promise<void> {
  // Entries come for years; in SQLite an id has 64 bits anyway.
  if (isPostgres(db)) {
    await db.schema
      .alterTable('audit')
      .alterColumn('id', (column) => column.setDataType('bigint'))
      .execute()
  }
}

export async function down(db: Kysely<any>): Promise<void> {
  if (isPostgres(db)) {
    await db.schema
      .alterTable('audit')
      .alterColumn('id', (column) => column.setDataType('integer'))
      .execute()
  }
}
