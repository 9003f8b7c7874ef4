import fp from 'fastify-plugin'
import { addToContract } from '../openapi/contract.ts'
import { retryAfterHeader } from '../openapi/headers.ts'
import { DatabaseBusy, DatabaseUnreachable, StorageFull } from './failures.ts'
import { migrateUp } from './migrator.ts'
import { isPostgresUrl, openDatabase } from './open.ts'
import type { Db } from './transaction.ts'

declare module 'fastify' {
  interface FastifyInstance {
    db: Db
  }
}

/** Applies what is missing. In PostgreSQL a migration may take its time, as no query of the service may. */
async function migrate(url: string, db: Db): Promise<string[]> {
  if (!isPostgresUrl(url)) return migrateUp(db)
  const unhurried = openDatabase(url, { longestStatement: 0 })
  try {
    return await migrateUp(unhurried)
  } finally {
    await unhurried.destroy()
  }
}

/** Opens and migrates the database: `fastify.db` is ready, or the boot fails. */
export default fp(
  async (fastify) => {
    const { DATABASE_URL, DATABASE_POOL_SIZE } = fastify.config
    const db = openDatabase(DATABASE_URL, { connections: DATABASE_POOL_SIZE, observer: fastify.metrics })
    fastify.addHook('onClose', () => db.destroy())
    for (const name of await migrate(DATABASE_URL, db))
      fastify.log.info({ migration: name }, 'migration applied')
    fastify.decorate('db', db)
    // Any route may meet the database: who is asking is looked up there.
    fastify.addHook('onRoute', (route) => {
      addToContract(route, {
        problems: [DatabaseBusy, DatabaseUnreachable, StorageFull],
        headersByStatus: { 503: retryAfterHeader }
      })
    })
  },
  { name: 'db', dependencies: ['config', 'metrics'] }
)
