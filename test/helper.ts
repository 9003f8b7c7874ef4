import Fastify, { type FastifyInstance, type FastifyPluginAsync } from 'fastify'
import fp from 'fastify-plugin'
import type { Test } from 'tap'
import service from '../app.ts'
import { startSession } from '../core/sessions/sessions.ts'
import { loadConfig } from '../core/config/load.ts'
import { write } from '../core/database/transaction.ts'
import { serverOptions } from '../server/options.ts'
import { exactSerializers, watchAnswers } from './conformance.ts'
import { serviceDatabase } from './database.ts'

/** What every test runs with unless it says otherwise: a fresh database (see database.ts), cheap hashes, no log, patience with a busy machine. */
const environment = {
  NODE_ENV: 'test',
  JWT_SECRET: 'a secret that only the tests of this service know',
  DATA_KEY: 'pG7wS0mVq1kXh3JtY9nLc5RzB2dFe8uTa6oKxWQ4jis=',
  BCRYPT_COST: '4',
  LOG_LEVEL: 'silent',
  ANALYTICS: 'off',
  RATE_LIMIT_DEFAULT: '100000',
  MAX_EVENT_LOOP_DELAY: '0'
}

/** The `authorization` header of a new session of this account. */
async function signIn(app: FastifyInstance, username: string) {
  const user = await app.db
    .selectFrom('users')
    .select(['id', 'username', 'role'])
    .where('username_key', '=', username)
    .executeTakeFirstOrThrow()
  const session = await write(app.db, (tx) =>
    startSession(tx, { userId: user.id, userAgent: 'test', address: '127.0.0.1' }, app.auth.lifetimes)
  )
  const token = app.auth.signAccessToken({ ...user, ...session })
  const { refreshToken, sessionId } = session
  return { headers: { authorization: `Bearer ${token}` }, token, refreshToken, sessionId, id: user.id }
}

/**
 * The whole service on a database of its own, with more routes if need be, closed when the test ends. Every answer that it gives is held to
 * the contract: one that the document does not declare so fails the test. `prepare` comes before any plugin.
 */
export async function build(
  t: Test,
  env: Record<string, string> = {},
  routes?: FastifyPluginAsync,
  prepare: (app: FastifyInstance) => void = () => undefined
) {
  const DATABASE_URL = env['DATABASE_URL'] ?? (await serviceDatabase(t))
  const config = loadConfig({ ...environment, ...env, DATABASE_URL })
  const report = (message: string, details: object) => t.fail(message, details)
  const app = Fastify({
    ...serverOptions(config),
    schemaController: exactSerializers(report)
  })
  t.teardown(() => app.close())
  watchAnswers(app, report)
  prepare(app)
  await app.register(fp(service), { config })
  if (routes) await app.register(routes)
  await app.ready()
  return {
    app,
    db: app.db,
    /** Signs in as an account without its password; answers its tokens and the headers to send. */
    session: (username: string) => signIn(app, username),
    /** The headers that make a request one of this account's. */
    as: async (username: string) => (await signIn(app, username)).headers
  }
}
