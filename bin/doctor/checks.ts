import bcrypt from 'bcryptjs'
import { Redis } from 'ioredis'
import { sql } from 'kysely'
import { existsSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { accountsWithDefaults } from '../../plugins/accounts/defaults.ts'
import { loadKeys } from '../../plugins/auth/keys.ts'
import type { Config } from '../../plugins/config.ts'
import { pendingMigrations } from '../../plugins/db/migrator.ts'
import { isPostgresUrl, openDatabase, sqlitePath } from '../../plugins/db/open.ts'
import type { Db } from '../../plugins/db/transaction.ts'
import { checkProxyTrust } from './proxy.ts'

/** One check: what it found, or throws what is wrong. */
export type Check = (config: Config) => Promise<string>

/** Least room on the disk of the database, in bytes. */
const leastRoom = 100 * 1024 * 1024
/** How far clocks may be apart, in milliseconds: tokens and sessions are judged by them. */
const furthestApart = 5_000
/** How long Redis may say nothing, in milliseconds. */
const redisPatience = 2_000

const fileOf = ({ DATABASE_URL }: Config) =>
  isPostgresUrl(DATABASE_URL) || DATABASE_URL === ':memory:' ? undefined : sqlitePath(DATABASE_URL)

/** Lends a connection to the database, without making a file where there is none. */
async function withDatabase<T>(config: Config, use: (db: Db) => Promise<T>): Promise<T> {
  const file = fileOf(config)
  if (file !== undefined && !existsSync(file)) {
    throw new Error(`${file} is not there yet: npm start or npm run migrate makes it`)
  }
  const db = openDatabase(config.DATABASE_URL)
  try {
    return await use(db)
  } finally {
    await db.destroy()
  }
}

const database: Check = (config) =>
  withDatabase(config, async (db) => {
    const pending = await pendingMigrations(db)
    if (pending.length > 0) throw new Error(`migrations to apply: ${pending.join(', ')}`)
    return 'reachable, every migration is applied'
  })

const disk: Check = async (config) => {
  const file = fileOf(config)
  if (file === undefined) return 'the database is not on a disk of this process'
  const folder = dirname(file)
  const { bavail, bsize } = statfsSync(existsSync(folder) ? folder : '.')
  const room = `${Math.floor((bavail * bsize) / 1024 / 1024)} MiB free`
  if (bavail * bsize < leastRoom) throw new Error(`${room} in ${folder}`)
  return room
}

const keys: Check = async (config) => {
  if (config.JWT_ALGORITHM === 'HS256') {
    if (config.JWT_SECRET !== undefined) return 'JWT_SECRET signs'
    return 'a secret made for development signs: set JWT_SECRET before production'
  }
  const ring = loadKeys(config)
  return `${ring.signing().kid} signs, ${ring.byKid.size} verify`
}

/** In production the service would not start; before, the guide's accounts are there to be tried. */
const passwords: Check = (config) =>
  withDatabase(config, async (db) => {
    const names = await accountsWithDefaults(db, config, bcrypt.compare)
    if (names.length === 0) return 'no account has a default one'
    const found = `default ones at ${names.join(', ')}`
    if (config.NODE_ENV === 'production') throw new Error(found)
    return `${found}: change them before production`
  })

const proxy: Check = (config) => withDatabase(config, (db) => checkProxyTrust(db, config))

const requireSameClock = (whose: string, theirs: number) => {
  const apart = Math.abs(theirs - Date.now())
  if (apart > furthestApart) throw new Error(`${whose} is ${Math.round(apart / 1_000)} s away from ours`)
}

const clock: Check = (config) =>
  withDatabase(config, async (db) => {
    if (isPostgresUrl(config.DATABASE_URL)) {
      const { rows } = await sql<{ now: string }>`select now() as now`.execute(db)
      requireSameClock('the clock of PostgreSQL', Date.parse(rows[0]?.now ?? ''))
      return 'as in PostgreSQL'
    }
    const { at } = await db
      .selectFrom('audit')
      .select(({ fn }) => fn.max('at').as('at'))
      .executeTakeFirstOrThrow()
    if (Date.parse(at) > Date.now() + furthestApart)
      throw new Error(`the last audit entry is from ${at}, ahead of it`)
    return new Date().toISOString()
  })

const redis: Check = async ({ REDIS_URL }) => {
  if (REDIS_URL === undefined) return 'not configured: this is to be the only instance'
  const client = new Redis(REDIS_URL, {
    lazyConnect: true,
    connectTimeout: redisPatience,
    socketTimeout: redisPatience,
    // It would wait while Redis loads; the PING says so instead.
    enableReadyCheck: false,
    retryStrategy: () => null
  })
  let fault: Error | undefined
  client.on('error', (error: Error) => (fault = error))
  try {
    await client.connect()
    await client.ping()
    const [seconds] = await client.time()
    requireSameClock('the clock of Redis', Number(seconds) * 1_000)
    return 'reachable'
  } catch (error) {
    throw fault ?? error
  } finally {
    client.disconnect()
  }
}

/** Everything that is checked, by the name that a failure is reported under. */
export const checks: Record<string, Check> = { database, disk, keys, passwords, proxy, clock, redis }
