import bcrypt from 'bcryptjs'
import Fastify from 'fastify'
import fp from 'fastify-plugin'
import { sql } from 'kysely'
import { randomBytes } from 'node:crypto'
import { rmSync } from 'node:fs'
import service from '../app.ts'
import { startSession } from '../core/sessions/sessions.ts'
import { loadConfig } from '../core/config/load.ts'
import type { Tx } from '../core/database/database.ts'
import { write } from '../core/database/transaction.ts'
import { serverOptions } from '../server/options.ts'
import { artefacts } from './processes.ts'

/** The password of every account that a database is filled with. */
export const password = randomBytes(12).toString('base64url')

/** A database with accounts, some of them signed in, and the environment of a service that runs on it. */
export interface Seeded {
  env: Record<string, string>
  /** An administrator's access token. */
  admin: string
  /** An access and a refresh token of each account that is signed in. */
  sessions: { access: string; refresh: string }[]
}

/** Makes a database file with so many accounts, `signedIn` of them with a session. */
export function seed(name: string, accounts: number, signedIn: number): Promise<Seeded> {
  const file = `${artefacts}${name}.db`
  for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true })
  return fill(`file:${file}`, accounts, signedIn)
}

/** Fills an empty database likewise. */
export async function fill(DATABASE_URL: string, accounts: number, signedIn: number): Promise<Seeded> {
  const env = {
    NODE_ENV: 'production',
    LOG_LEVEL: 'warn',
    DATABASE_URL,
    JWT_SECRET: randomBytes(48).toString('base64url'),
    DATA_KEY: randomBytes(32).toString('base64'),
    ADMIN_PASSWORD: randomBytes(18).toString('base64url'),
    RATE_LIMIT_DEFAULT: '1000000000'
  }
  const config = loadConfig(env)
  const app = Fastify({ ...serverOptions(config), pluginTimeout: 60_000 })
  await app.register(fp(service), { config })
  await app.ready()

  const now = new Date().toISOString()
  const hash = bcrypt.hashSync(password, config.BCRYPT_COST)
  await sql`
    with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ${accounts - 1})
    insert into users (username, username_key, password_hash, role, created_at, updated_at)
    select 'user-' || n, 'user-' || n, ${hash}, 'user', ${now}, ${now} from numbers`.execute(app.db)

  const users = await app.db
    .selectFrom('users')
    .select(['id', 'username', 'role'])
    .orderBy('id')
    .limit(signedIn + 1)
    .execute()
  const signIn = async (tx: Tx, part: typeof users) => {
    const opened = []
    for (const user of part) {
      const started = { userId: user.id, userAgent: 'bench', address: '127.0.0.1' }
      const session = await startSession(tx, started, app.auth.lifetimes)
      opened.push({
        access: app.auth.signAccessToken({ ...user, ...session }),
        refresh: session.refreshToken
      })
    }
    return opened
  }
  // In parts, none of which takes as long as a write may.
  const opened = []
  for (let from = 0; from < users.length; from += 500)
    opened.push(...(await write(app.db, (tx) => signIn(tx, users.slice(from, from + 500)))))
  const [admin, ...sessions] = opened
  await app.close()
  return { env, admin: admin?.access ?? '', sessions }
}
