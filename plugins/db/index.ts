import fp from 'fastify-plugin'
import { addToContract } from '../openapi/contract.ts'
import { retryAfterHeader } from '../openapi/headers.ts'
import { DatabaseBusy, StorageFull } from './failures.ts'
import { migrateUp } from './migrator.ts'
import { openDatabase } from './open.ts'
import type { Db } from './transaction.ts'

declare module 'fastify' {
  interface FastifyInstance {
    db: Db
  }
}

/** Opens and migrates the database: `fastify.db` is ready, or the boot fails. */
export default fp(
  async (fastify) => {
    const db = openDatabase(fastify.config.DATABASE_URL)
    fastify.addHook('onClose', () => db.destroy())
    for (const name of await migrateUp(db)) fastify.log.info({ migration: name }, 'migration applied')
    fastify.decorate('db', db)
    // Whatever is not a reading writes.
    fastify.addHook('onRoute', (route) => {
      const writes = !['GET', 'HEAD'].includes(String(route.method))
      addToContract(route, {
        ...(writes && { problems: [DatabaseBusy, StorageFull] }),
        headersByStatus: { 503: retryAfterHeader }
      })
    })
  },
  { name: 'db', dependencies: ['config'] }
)
