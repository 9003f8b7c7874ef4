import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { randomBytes } from 'node:crypto'
import type { Config } from '../config.ts'
import { isUniqueViolation } from '../db/failures.ts'
import { write } from '../db/transaction.ts'
import { accountsWithDefaults, demoAccounts } from './defaults.ts'
import { insertUser } from './users.ts'
import { usernameKey } from './usernames.ts'

/** The demo accounts as bodies to sign in with, while they have the guide's passwords. */
export function demoLogins({ NODE_ENV, ADMIN_USERNAME, ADMIN_PASSWORD }: Config) {
  if (NODE_ENV === 'production') return {}
  const unchanged = ADMIN_USERNAME === 'admin' && ADMIN_PASSWORD === undefined
  return Object.fromEntries(
    demoAccounts
      .filter(({ role }) => role !== 'admin' || unchanged)
      .map(({ username, password }) => [
        username,
        { summary: `The demo account ${username}`, value: { username, password } }
      ])
  )
}

/** Creates accounts in a database that has none; of two processes that start at once, one does it. */
async function createFirst(
  { db, passwords }: FastifyInstance,
  accounts: typeof demoAccounts
): Promise<boolean> {
  const hashes = await Promise.all(accounts.map(({ password }) => passwords.hash(password)))
  try {
    return await write(db, async (tx) => {
      if (await tx.selectFrom('users').select('id').limit(1).executeTakeFirst()) return false
      for (const [index, { username, role }] of accounts.entries())
        await insertUser(tx, username, hashes[index] ?? '', role)
      return true
    })
  } catch (error) {
    if (isUniqueViolation(error)) return false
    throw error
  }
}

/** Refuses to run in production while the first administrator or an account of the guide has a default password. */
async function refuseDefaults({ config, db, passwords }: FastifyInstance) {
  const [username] = await accountsWithDefaults(db, config, (password, hash) =>
    passwords.verify(password, hash)
  )
  if (username === undefined) return
  const error = new Error(
    `The account ${username} in DATABASE_URL has a default password: change it (start once with NODE_ENV=development), or point DATABASE_URL at a new database.`
  )
  error.stack = error.message
  throw error
}

/** Sees to it that somebody can sign in to a new database. */
export default fp(
  async (fastify) => {
    const { config, db, log } = fastify
    const empty = !(await db.selectFrom('users').select('id').limit(1).executeTakeFirst())
    if (config.NODE_ENV !== 'production') {
      const [admin, user] = demoAccounts
      if (empty && admin && user) {
        const first = {
          ...admin,
          username: config.ADMIN_USERNAME,
          password: config.ADMIN_PASSWORD ?? admin.password
        }
        const sameName = usernameKey(first.username) === usernameKey(user.username)
        await createFirst(fastify, sameName ? [first] : [first, user])
      }
      return
    }
    if (!empty) return refuseDefaults(fastify)
    const password = config.ADMIN_PASSWORD ?? randomBytes(18).toString('base64url')
    const created = await createFirst(fastify, [{ username: config.ADMIN_USERNAME, password, role: 'admin' }])
    if (!created) return
    log.info(`created the administrator ${config.ADMIN_USERNAME}`)
    // To the terminal alone, once: a log is kept and read by others.
    if (config.ADMIN_PASSWORD === undefined) {
      process.stderr.write(
        `\nThe password of ${config.ADMIN_USERNAME} is ${password} — it is shown this once.\n\n`
      )
    }
  },
  { name: 'accounts', dependencies: ['config', 'db', 'passwords'] }
)
