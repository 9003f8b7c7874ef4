import type { Static, TObject } from '@sinclair/typebox'
import type { Generated } from 'kysely'
import { AuditRow } from './audit.ts'
import { RoleRow } from './roles.ts'
import { RefreshTokenRow, SessionRow, SignInAttemptsRow } from './sessions.ts'
import { UserRow } from './users.ts'

/** Every table with the schema of its rows: what the contract test compares with the migrated database. */
export const tables = {
  users: UserRow,
  roles: RoleRow,
  sessions: SessionRow,
  refresh_tokens: RefreshTokenRow,
  sign_in_attempts: SignInAttemptsRow,
  audit: AuditRow
} satisfies Record<string, TObject>

/** A row whose column the database fills in when an insert leaves it out. */
type WithDefaults<Row, Column extends keyof Row> = Omit<Row, Column> & {
  [K in Column]: Generated<Row[K]>
}

/** Kysely's view of the database, derived from the stored shapes. */
export interface Database {
  users: WithDefaults<Static<typeof UserRow>, 'id' | 'status' | 'version'>
  roles: Static<typeof RoleRow>
  sessions: Static<typeof SessionRow>
  refresh_tokens: Static<typeof RefreshTokenRow>
  sign_in_attempts: Static<typeof SignInAttemptsRow>
  audit: WithDefaults<Static<typeof AuditRow>, 'id'>
}
