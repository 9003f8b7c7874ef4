import bcrypt from 'bcryptjs'
import { Redis } from 'ioredis'
import { sql } from 'kysely'
import { randomUUID } from 'node:crypto'
import { existsSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { accountsWithDefaults } from '../accounts/defaults.ts'
import { loadKeys } from '../tokens/keys.ts'
import { isExposed } from '../config/exposure.ts'
import type { Config } from '../config/load.ts'
import { pendingMigrations } from '../database/migrator.ts'
import { isPostgresUrl, openDatabase, sqlitePath } from '../database/open.ts'
import type { Db } from '../database/database.ts'
import { tryDatabase } from '../health/database.ts'
import { isRefusal } from '../redis/faults.ts'
import { openTransport } from '../mail/transport.ts'
import { tryRedis } from '../redis/trial.ts'
import { keysOfValues } from '../vault/reseal.ts'
import { keyName, keyOf } from '../vault/vault.ts'
import { checkFactors } from './factors.ts'
import { checkFiles } from './files.ts'
import { checkPasskeys } from './passkeys.ts'
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
    await tryDatabase(db, config.DATABASE_URL)
    return 'it takes writes, every migration is applied'
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

/** Whether every value that is encrypted opens, as far as the names of the keys tell. */
const dataKey: Check = async (config) => {
  const { DATA_KEY, DATA_PREVIOUS_KEYS } = config
  if (DATA_KEY === undefined) return 'one is made beside the database: set DATA_KEY before production'
  const [current = '', ...older] = [DATA_KEY, ...DATA_PREVIOUS_KEYS].map((key) => keyName(keyOf(key)))
  // What keeps the database away is told above.
  const used = await withDatabase(config, keysOfValues).catch(() => [])
  const missing = used.filter((name) => name !== current && !older.includes(name))
  if (missing.length > 0)
    throw new Error(
      `values are encrypted with ${missing.join(', ')}: in neither DATA_KEY nor DATA_PREVIOUS_KEYS`
    )
  return `${current} encrypts${older.length > 0 ? `, and ${older.length} older open` : ''}`
}

/** Where others may reach the service it would not start; before, the guide's accounts are there to be tried. */
const passwords: Check = (config) =>
  withDatabase(config, async (db) => {
    const names = await accountsWithDefaults(db, config, bcrypt.compare)
    if (names.length === 0) return 'no account has a default one'
    const found = `default ones at ${names.join(', ')}`
    if (isExposed(config)) throw new Error(found)
    return `${found}: change them before production`
  })

/** New names hold no @; an older one is found before the address that it looks like. */
const names: Check = (config) =>
  withDatabase(config, async (db) => {
    const like = db.selectFrom('users').select('username').where('username_key', 'like', '%@%')
    const found = (await like.orderBy('id').limit(10).execute()).map(({ username }) => username)
    if (found.length === 0) return 'none looks like an address'
    return `these look like addresses, and come before whoever has the address at a sign-in: ${found.join(', ')}`
  })

/** Whether mails would be taken, as far as can be told without sending one. */
const mail: Check = async (config) => {
  const transport = openTransport(config)
  if (!transport) return 'MAIL_URL is not set: nobody is sent a mail'
  try {
    await transport.verify()
  } finally {
    transport.close()
  }
  return config.MAIL_URL === undefined ? 'mails become files, for development' : 'the mail server takes mails'
}

const passkeys: Check = (config) => withDatabase(config, (db) => checkPasskeys(db, config))

const factors: Check = (config) => withDatabase(config, (db) => checkFactors(db, config))

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

/** Asks Redis for the time, unless this user may not: the service does not need that. */
async function requireClockOfRedis(client: Redis) {
  const time = await client.time().catch((error: unknown) => {
    if (isRefusal(error)) return undefined
    throw error
  })
  if (time) requireSameClock('the clock of Redis', Number(time[0]) * 1_000)
}

const redis: Check = async ({ REDIS_URL, REDIS_PREFIX }) => {
  if (REDIS_URL === undefined) return 'not configured: this is to be the only instance'
  const options = {
    lazyConnect: true,
    connectTimeout: redisPatience,
    commandTimeout: redisPatience,
    // It would wait while Redis loads; the trial says so instead.
    enableReadyCheck: false,
    retryStrategy: () => null
  }
  const [client, ear] = [new Redis(REDIS_URL, options), new Redis(REDIS_URL, options)]
  let fault: Error | undefined
  for (const connection of [client, ear]) connection.on('error', (error: Error) => (fault = error))
  try {
    await Promise.all([client.connect(), ear.connect()])
    const prefix = `${REDIS_PREFIX}{doctor}:`
    await tryRedis({ client, ear, prefix, channels: [`${prefix}${randomUUID()}`] })
    await requireClockOfRedis(client)
    return 'all works that is done there'
  } catch (error) {
    throw fault ?? error
  } finally {
    for (const connection of [client, ear]) connection.disconnect()
  }
}

/** Everything that is checked, by the name that a failure is reported under. */
export const checks: Record<string, Check> = {
  database,
  disk,
  files: checkFiles,
  keys,
  'data key': dataKey,
  passwords,
  'second factors': factors,
  names,
  mail,
  passkeys,
  proxy,
  clock,
  redis
}
