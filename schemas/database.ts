import type { Static, TObject, TSchema } from '@sinclair/typebox'
import type { Generated } from 'kysely'
import { ActiveRow, CallerRow, EventRow, GaugeRow, TrafficRow } from './analytics.ts'
import { ApiKeyRow } from './api-keys.ts'
import { AuditRow } from './audit.ts'
import { IdempotencyRow } from './idempotency.ts'
import { ChallengeRow, FactorRow, RecoveryCodeRow } from './factors.ts'
import { KnownDeviceRow, LeaseRow, MailRow, OneTimeTokenRow } from './mail.ts'
import { PasskeyChallengeRow, PasskeyRow } from './passkeys.ts'
import { RoleRow } from './roles.ts'
import { KnownNetworkRow, SessionRow, SignInAttemptsRow } from './sessions.ts'
import { ServiceRow } from './service.ts'
import { SettingRow } from './settings.ts'
import { Instance } from './system.ts'
import type { ByDatabase } from './types.ts'
import { UserRow } from './users.ts'

/** Every table with the schema of its rows. A line here makes a table known: to Kysely, and to the test that compares it with the migrated database. */
export const tables = {
  users: UserRow,
  roles: RoleRow,
  sessions: SessionRow,
  sign_in_attempts: SignInAttemptsRow,
  known_networks: KnownNetworkRow,
  known_devices: KnownDeviceRow,
  one_time_tokens: OneTimeTokenRow,
  factors: FactorRow,
  recovery_codes: RecoveryCodeRow,
  sign_in_challenges: ChallengeRow,
  mail_outbox: MailRow,
  passkeys: PasskeyRow,
  passkey_challenges: PasskeyChallengeRow,
  leases: LeaseRow,
  idempotency: IdempotencyRow,
  api_keys: ApiKeyRow,
  audit: AuditRow,
  service: ServiceRow,
  settings: SettingRow,
  instances: Instance,
  traffic: TrafficRow,
  events: EventRow,
  gauges: GaugeRow,
  callers: CallerRow,
  actives: ActiveRow
} satisfies Record<string, TObject>

/** A column as Kysely sees it: an insert may leave out what the database fills in. */
type Column<T extends TSchema> = T extends ByDatabase ? Generated<Static<T>> : Static<T>

type Row<T extends TObject> = { [Name in keyof T['properties']]: Column<T['properties'][Name]> }

/** Kysely's view of the database, derived from the stored shapes. */
export type Database = { [Table in keyof typeof tables]: Row<(typeof tables)[Table]> }
