import { sql } from 'kysely'
import type { Config } from '../config/load.ts'
import type { Db } from '../database/database.ts'
import { type Grain, grains } from '../../schemas/analytics.ts'
import { write } from '../database/transaction.ts'
import { livesFor } from '../system/instances.ts'
import { knownFor } from '../throttle/known-networks.ts'

/** Rows deleted in one transaction: few enough that nobody waits for it. */
const batch = 100
const day = 86_400_000

/** Rows that strangers make: of more than so many, those that would go next go at once. */
const attemptsKept = 250_000

/** How long it is seen which mails were sent, in milliseconds. */
const mailsKept = 30 * day

/** How long it is seen which keys there were, in milliseconds. */
const expiredKeysKept = 30 * day

type Retention = Pick<Config, 'AUDIT_RETENTION_DAYS'>

/** A table whose rows grow old. */
interface Rubbish {
  table: string
  key: string[]
  /** The column that tells the age, and how many milliseconds a row is kept by it. */
  column: string
  keep: number
  /** How many rows are kept. */
  most?: number
  /** Of rows that are kept for now this long, now that: those of this grain. */
  grain?: Grain
}

/** Sums are kept so long as they say something: minutes for two days, hours and days for 400. */
const sumsKept: Record<Grain, number> = { minute: 2 * day, hour: 400 * day, day: 400 * day }

const sums = (table: string, name: readonly string[]): Rubbish[] =>
  grains.map((grain) => ({
    table,
    key: ['grain', ...name, 'at'],
    column: 'at',
    keep: sumsKept[grain],
    grain
  }))

const rubbish = (config: Retention, mostAttempts: number): Rubbish[] => [
  { table: 'sessions', key: ['id'], column: 'expires_at', keep: 0 },
  {
    table: 'sign_in_attempts',
    key: ['subject', 'source'],
    column: 'expires_at',
    keep: 0,
    most: mostAttempts
  },
  { table: 'known_networks', key: ['user_id', 'network'], column: 'last_seen_at', keep: knownFor },
  { table: 'known_devices', key: ['user_id', 'device'], column: 'last_seen_at', keep: knownFor },
  { table: 'idempotency', key: ['key_hash'], column: 'expires_at', keep: 0 },
  { table: 'api_keys', key: ['id'], column: 'expires_at', keep: expiredKeysKept },
  { table: 'sign_in_challenges', key: ['hash'], column: 'expires_at', keep: 0 },
  { table: 'one_time_tokens', key: ['id'], column: 'expires_at', keep: 0 },
  { table: 'passkey_challenges', key: ['hash'], column: 'expires_at', keep: 0 },
  { table: 'instances', key: ['id'], column: 'seen_at', keep: livesFor },
  { table: 'mail_outbox', key: ['id'], column: 'created_at', keep: mailsKept },
  { table: 'audit', key: ['id'], column: 'at', keep: config.AUDIT_RETENTION_DAYS * day },
  ...sums('traffic', ['route', 'method', 'outcome']),
  ...sums('events', ['event']),
  ...sums('gauges', ['name']),
  { table: 'callers', key: ['hour', 'caller'], column: 'hour', keep: 30 * day },
  { table: 'actives', key: ['day', 'user_id'], column: 'day', keep: 31 * day }
]

/** Up to which instant rows are too old, or too many. */
async function oldest(db: Db, { table, column, keep, most }: Rubbish, now: number): Promise<string> {
  const tooOld = new Date(now - keep).toISOString()
  if (most === undefined) return tooOld
  const newest = sql`select ${sql.ref(column)} as instant from ${sql.table(table)} order by ${sql.ref(column)} desc`
  const { rows } = await sql<{ instant: string }>`${newest} limit 1 offset ${most}`.execute(db)
  const tooMany = rows[0]?.instant ?? ''
  return tooMany > tooOld ? tooMany : tooOld
}

/**
 * Deletes what is too old or too much, in small batches; answers how many rows of each table. `now` is in milliseconds.
 */
export async function cleanUp(
  db: Db,
  config: Retention,
  now = Date.now(),
  mostAttempts = attemptsKept
): Promise<Record<string, number>> {
  const deleted: Record<string, number> = {}
  for (const kind of rubbish(config, mostAttempts)) {
    const { table, key } = kind
    const tooOld = sql`${sql.ref(kind.column)} <= ${await oldest(db, kind, now)}`
    const isOld = kind.grain === undefined ? tooOld : sql`grain = ${kind.grain} and ${tooOld}`
    const columns = sql.join(key.map((column) => sql.ref(column)))
    const old = sql`select ${columns} from ${sql.table(table)} where ${isOld} limit ${batch}`
    // Said again: PostgreSQL waits for a change of the row that is under way, and asks only this of the changed row.
    const deletion = sql`delete from ${sql.table(table)} where (${columns}) in (${old}) and ${isOld}`
    let count: number
    do {
      count = Number((await write(db, (tx) => deletion.execute(tx))).numAffectedRows ?? 0)
      deleted[table] = (deleted[table] ?? 0) + count
    } while (count === batch)
  }
  return deleted
}
