import { type Kysely, sql } from 'kysely'

// An account has a hundred live sessions from now on, the newest; signing in keeps it so.
export async function up(db: Kysely<any>): Promise<void> {
  const now = new Date().toISOString()
  await sql`
    delete from sessions where id in (
      select id from (
        select id, row_number() over (partition by user_id order by created_at desc, id desc) as place
        from sessions where expires_at > ${now}
      ) as live
      where place > 100)`.execute(db)
}

/** What has ended stays so, and every release reads the rest. */
export async function down(): Promise<void> {
  return Promise.resolve()
}
