import type { Kysely } from 'kysely'

const ofAudit = ['actor_id', 'actor', 'action', 'target']

async function indexAudit(db: Kysely<any>, then: string[]) {
  for (const column of ofAudit) {
    await db.schema.dropIndex(`audit_${column}`).execute()
    const index = db.schema.createIndex(`audit_${column}`).on('audit')
    await index.columns([column, ...then]).execute()
  }
}

// No statement looks through a million rows: lists are read along an index, by what they are filtered and sorted by.
export async function up(db: Kysely<any>): Promise<void> {
  await db.schema.createIndex('users_status').on('users').columns(['status', 'id']).execute()
  await db.schema.createIndex('users_role_status').on('users').columns(['role', 'status', 'id']).execute()
  // The log is sorted by time, so that those of a period are a range.
  await indexAudit(db, ['at', 'id'])
}

export async function down(db: Kysely<any>): Promise<void> {
  for (const index of ['users_status', 'users_role_status']) await db.schema.dropIndex(index).execute()
  await indexAudit(db, ['id'])
}
