import type { FastifyBaseLogger } from 'fastify'
import { bySystem, recordAudit } from '../audit/record.ts'
import type { Config } from '../config/load.ts'
import type { Db } from '../database/database.ts'
import { decideAlone } from '../database/locks.ts'
import { write } from '../database/transaction.ts'
import type { Passwords } from '../passwords/hashing.ts'
import { accountsWithDefaults, demoAccounts } from './defaults.ts'
import { draftFirstPassword, firstPasswordFile, randomPassword } from './first-password.ts'
import { usernameKey } from './usernames.ts'
import { insertUser } from './users.ts'

/** What a start makes the first accounts with, and who hears of it. */
interface Start {
  config: Config
  db: Db
  log: FastifyBaseLogger
  passwords: Passwords
}

interface Account {
  username: string
  password: string
  role: string
}

/** Creates accounts in a database that has none; answers whether it did: of two processes that start at once, one. */
async function createFirst({ db, passwords }: Start, accounts: Account[]): Promise<boolean> {
  const hashes = await Promise.all(accounts.map(({ password }) => passwords.hash(password)))
  return write(db, async (tx) => {
    await decideAlone(tx, 'the first accounts')
    if (await tx.selectFrom('users').select('id').limit(1).executeTakeFirst()) return false
    for (const [index, { username, role }] of accounts.entries()) {
      const { id } = await insertUser(tx, username, hashes[index] ?? '', role)
      const changes = { username, role }
      await recordAudit(tx, bySystem('start'), { action: 'user.create', target: `user:${id}`, changes })
    }
    return true
  })
}

/** Creates the accounts of the guide, for whoever tries the service out on a machine of his own. */
export async function createDemoAccounts(start: Start) {
  const { ADMIN_USERNAME, ADMIN_PASSWORD } = start.config
  const [admin, user] = demoAccounts
  const first = { ...admin, username: ADMIN_USERNAME, password: ADMIN_PASSWORD ?? admin.password }
  const sameName = usernameKey(first.username) === usernameKey(user.username)
  await createFirst(start, sameName ? [first] : [first, user])
}

/**
 * Creates the first administrator, with ADMIN_PASSWORD or one that is made here. That one is shown on a terminal, or else
 * put down in a file: a log is kept, and read by others. @throws when it can be put down nowhere
 */
export async function createAdministrator(start: Start) {
  const { config, log } = start
  const username = config.ADMIN_USERNAME
  const password = config.ADMIN_PASSWORD ?? randomPassword()
  const isMade = config.ADMIN_PASSWORD === undefined
  const draft = isMade && !process.stderr.isTTY ? draftFirstPassword(config, password) : undefined
  try {
    if (!(await createFirst(start, [{ username, password, role: 'admin' }]))) return
    log.info(`created the administrator ${username}`)
    if (draft) {
      draft.keep()
      log.warn(
        `the password of ${username} is in ${firstPasswordFile(config)}: sign in, change it, and delete that file`
      )
    } else if (isMade) {
      process.stderr.write(`\nThe password of ${username} is ${password} — it is shown this once.\n\n`)
    }
  } finally {
    draft?.discard()
  }
}

/** Lets the service be reached by others only when no account has a default password. @throws what to do then */
export async function refuseDefaults({ config, db, passwords }: Start) {
  const verify = (password: string, hash: string) => passwords.verify(password, hash)
  const names = await accountsWithDefaults(db, config, verify)
  if (names.length === 0) return
  const commands = names.map((name) => `  npm run rescue -- ${name} --password`)
  const error = new Error(
    [
      `Accounts in the database of DATABASE_URL have a default password, which is for HOST=127.0.0.1 in development alone: ${names.join(', ')}.`,
      'Point DATABASE_URL at a new database, or give each of them another password:',
      ...commands
    ].join('\n')
  )
  error.stack = error.message
  throw error
}
