/** `npm run rescue -- USERNAME`: a way back into an account, at the machine, also while the service runs. */
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { randomPassword } from '../core/accounts/first-password.ts'
import { rescueAccount, someAdministrators } from '../core/accounts/rescue.ts'
import { findForSignIn } from '../core/accounts/sign-in.ts'
import { usernameKey } from '../core/accounts/usernames.ts'
import { processEnvironment } from '../core/config/env-file.ts'
import { type Config, loadConfig } from '../core/config/load.ts'
import type { Db } from '../core/database/database.ts'
import { pendingMigrations } from '../core/database/migrator.ts'
import { databaseFiles, openDatabase } from '../core/database/open.ts'
import { passwordHashing } from '../core/passwords/hashing.ts'
import { checkNewPassword } from '../core/passwords/policy.ts'
import { linkOf } from '../core/mail/links.ts'
import { connectRedis } from '../core/redis/connect.ts'
import { serviceFingerprint } from '../core/service/fingerprint.ts'
import { loadKeys } from '../core/tokens/keys.ts'
import { runCommand } from './sqlite-file.ts'

const usage = `Usage: npm run rescue -- USERNAME [--remove-factors] [--enable] [--admin] [--password | --stdin]

Prints a link, good once and for an hour, by which the owner of the account chooses a new password. The sessions of the
account end. The next sign-in still asks for the second factor.

  --remove-factors  takes the account its second factors, for whoever has lost them
  --enable          enables an account that is disabled
  --admin           gives the account the role admin
  --password        makes a new password and prints it, instead of the link: for a service that does not run
  --stdin           takes the password from a line of standard input`

const options = {
  enable: { type: 'boolean', default: false },
  admin: { type: 'boolean', default: false },
  'remove-factors': { type: 'boolean', default: false },
  password: { type: 'boolean', default: false },
  stdin: { type: 'boolean', default: false }
} as const

/** What was asked for. @throws the usage */
function readArguments() {
  try {
    const { values, positionals } = parseArgs({ allowPositionals: true, options })
    const [username, ...rest] = positionals
    const isOneWay = !(values.password && values.stdin)
    if (username !== undefined && rest.length === 0 && isOneWay) return { username, ...values }
  } catch {
    // An option that there is not.
  }
  throw new Error(usage)
}

async function firstLine(): Promise<string> {
  for await (const line of createInterface({ input: process.stdin })) return line
  return ''
}

/** Lends the database, which has to be there and of this release. */
async function withDatabase<T>({ DATABASE_URL }: Config, use: (db: Db) => Promise<T>): Promise<T> {
  const [file] = databaseFiles(DATABASE_URL)
  if (file !== undefined && !existsSync(file)) throw new Error(`${file} is not there`)
  const db = openDatabase(DATABASE_URL)
  try {
    const pending = await pendingMigrations(db)
    if (pending.length > 0) throw new Error(`The database lacks the migrations ${pending.join(', ')}`)
    return await use(db)
  } finally {
    await db.destroy()
  }
}

async function findAccount(db: Db, username: string) {
  const user = await findForSignIn(db, usernameKey(username))
  if (user) return user
  const names = await someAdministrators(db)
  throw new Error(`There is no account ${username}. Administrators are: ${names.join(', ') || 'none'}`)
}

/**
 * Has the instances that share a Redis forget what they keep; without one each sees the change by itself. The password
 * is set already: what goes wrong here is only told.
 */
async function tellInstances(db: Db, config: Config) {
  if (config.REDIS_URL === undefined) return
  try {
    const prefix = `${config.REDIS_PREFIX}{${await serviceFingerprint(db, loadKeys(config))}}:`
    const log = { info: () => undefined, warn: (_details: object, text: string) => console.error(text) }
    // Whoever joins tells all the others that what they keep is out of date.
    const { redis, close } = await connectRedis(config.REDIS_URL, prefix, log)
    await redis.client.ping().finally(close)
  } catch (error) {
    console.error('Redis could not be told:', error instanceof Error ? error.message : error)
  }
}

await runCommand(async () => {
  const { username, stdin, password: isMade, 'remove-factors': removeFactors, ...rescue } = readArguments()
  const config = loadConfig(processEnvironment())
  return withDatabase(config, async (db) => {
    const user = await findAccount(db, username)
    if (user.status !== 'active' && !rescue.enable)
      throw new Error(`${user.username} is disabled: add --enable`)
    const changes = { ...rescue, removeFactors }
    if (!isMade && !stdin) {
      const way = { link: (token: string) => linkOf(config, 'recovery', token) }
      const link = await rescueAccount(db, config, user.id, way, changes)
      await tellInstances(db, config)
      return `For a new password of ${user.username}, once and within an hour: ${link}`
    }
    const password = stdin ? await firstLine() : randomPassword()
    checkNewPassword(password, user.username)
    const password_hash = await passwordHashing(config.BCRYPT_COST).hash(password)
    await rescueAccount(db, config, user.id, { password_hash }, changes)
    await tellInstances(db, config)
    return stdin
      ? `${user.username} has the password that you gave`
      : `The password of ${user.username} is ${password}`
  })
})
