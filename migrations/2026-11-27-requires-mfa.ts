import type { Kysely } from 'kysely'

export async function up(db: Kysely<any>): Promise<void> {
  const roles = db.schema.alterTable('roles')
  await roles.addColumn('requires_mfa', 'integer', (column) => column.notNull().defaultTo(0)).execute()
}

export async function down(db: Kysely<any>): Promise<void> {
  await db.schema.alterTable('roles').dropColumn('requires_mfa').execute()
}
