import { sql } from 'kysely'
import { stat } from 'node:fs/promises'
import { effectiveVariables } from '../config/effective.ts'
import { type Config, environmentOf } from '../config/load.ts'
import { isPostgres } from '../database/backend.ts'
import type { Db } from '../database/database.ts'
import { appliedMigrations } from '../database/migration-steps.ts'
import { pendingMigrations } from '../database/migrator.ts'
import { sqlitePath } from '../database/open.ts'
import { isOfOurCluster } from '../processes/cluster.ts'
import type { SharedRedis } from '../redis/shared-redis.ts'
import type { KeyRing } from '../tokens/keys.ts'
import { listInstances, thisProcess } from './instances.ts'

/** The size of a file in bytes, 0 where there is none. */
const sizeOf = (file: string) =>
  stat(file).then(
    ({ size }) => size,
    () => 0
  )

/** How large the database is, in bytes, and its write-ahead log where that is a file of its own. */
export async function databaseSize(db: Db, { DATABASE_URL }: Config) {
  if (isPostgres(db)) {
    const { rows } = await sql<{ bytes: number | string }>`
      select pg_database_size(current_database()) as bytes`.execute(db)
    return { bytes: Number(rows[0]?.bytes ?? 0), wal_bytes: null }
  }
  const path = sqlitePath(DATABASE_URL)
  if (path === ':memory:') return { bytes: 0, wal_bytes: 0 }
  const [bytes, wal_bytes] = await Promise.all([sizeOf(path), sizeOf(`${path}-wal`)])
  return { bytes, wal_bytes }
}

async function versionOf(db: Db): Promise<string> {
  const query = isPostgres(db)
    ? sql<{ version: string }>`select current_setting('server_version') as version`
    : sql<{ version: string }>`select sqlite_version() as version`
  const { rows } = await query.execute(db)
  return rows[0]?.version ?? ''
}

async function databaseState(db: Db, config: Config) {
  const [version, size, migrations, pending] = await Promise.all([
    versionOf(db),
    databaseSize(db, config),
    appliedMigrations(db),
    pendingMigrations(db)
  ])
  const kind = isPostgres(db) ? ('postgresql' as const) : ('sqlite' as const)
  return { kind, version, ...size, migrations, pending }
}

function keyStates(keys: KeyRing) {
  const signer = keys.signing().kid
  return [...keys.byKid.values()].map(({ kid, algorithm, from }) => ({
    kid,
    algorithm,
    signs: kid === signer,
    from: from > 0 ? new Date(from).toISOString() : null
  }))
}

const redisState = (redis: SharedRedis | null) => {
  if (!redis) return 'off' as const
  return redis.up ? ('up' as const) : ('away' as const)
}

interface Service {
  db: Db
  config: Config
  keys: KeyRing
  redis: SharedRedis | null
}

/** What this process knows of itself and of what it stands on; never a secret. */
export async function systemState({ db, config, keys, redis }: Service) {
  return {
    node_version: process.version,
    ...thisProcess,
    uptime_seconds: Math.floor(process.uptime()),
    memory_bytes: process.memoryUsage.rss(),
    workers: isOfOurCluster ? config.WORKERS : 1,
    instances: await listInstances(db),
    redis: redisState(redis),
    database: await databaseState(db, config),
    keys: keyStates(keys),
    configuration: effectiveVariables(environmentOf(config))
  }
}
