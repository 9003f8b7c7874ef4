import fp from 'fastify-plugin'
import { sql } from 'kysely'
import type { Config } from './config.ts'
import { type Db, write } from './db/transaction.ts'

/** Rows deleted in one transaction: few enough that nobody waits for it. */
const batch = 500
const interval = 600_000
const day = 86_400_000

type Retention = Pick<Config, 'AUDIT_RETENTION_DAYS' | 'REFRESH_TOKEN_TTL'>

/** What grows old: a table, its key, the column that tells the age, and how many milliseconds a row is kept by it. */
const rubbish = (config: Retention) => [
  { table: 'sessions', key: 'id', column: 'expires_at', keep: 0 },
  { table: 'sign_in_attempts', key: 'key', column: 'expires_at', keep: 0 },
  // Kept for as long as a session can lie unused: until then a second use is a sign of theft.
  { table: 'refresh_tokens', key: 'token_hash', column: 'spent_at', keep: config.REFRESH_TOKEN_TTL },
  { table: 'audit', key: 'id', column: 'at', keep: config.AUDIT_RETENTION_DAYS * day }
]

/** Deletes what is too old, in small batches; answers how many rows of each table. `now` is in milliseconds. */
export async function cleanUp(db: Db, config: Retention, now = Date.now()): Promise<Record<string, number>> {
  const deleted: Record<string, number> = {}
  for (const { table, key, column, keep } of rubbish(config)) {
    const old = sql`select ${sql.ref(key)} from ${sql.table(table)}
      where ${sql.ref(column)} <= ${new Date(now - keep).toISOString()} limit ${batch}`
    const deletion = sql`delete from ${sql.table(table)} where ${sql.ref(key)} in (${old})`
    let count: number
    do {
      count = Number((await write(db, (tx) => deletion.execute(tx))).numAffectedRows ?? 0)
      deleted[table] = (deleted[table] ?? 0) + count
    } while (count === batch)
  }
  return deleted
}

/** Cleans up every ten minutes. A run that fails is tried again at the next. */
export default fp(
  async (fastify) => {
    const { config, db, log } = fastify
    let running = Promise.resolve()
    const run = () => {
      running = cleanUp(db, config).then(
        (deleted) => log.debug({ deleted }, 'cleaned up'),
        (error: unknown) => log.warn({ err: error }, 'clean-up failed')
      )
    }
    const timer = setInterval(run, interval).unref()
    fastify.addHook('onClose', async () => {
      clearInterval(timer)
      await running
    })
  },
  { name: 'clean-up', dependencies: ['config', 'db'] }
)
