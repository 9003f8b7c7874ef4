import fp from 'fastify-plugin'
import { addToContract } from '../core/contract/contract.ts'
import { retryAfterHeader } from '../core/contract/headers.ts'
import {
  DatabaseBusy,
  DatabaseReadOnly,
  DatabaseUnreachable,
  StorageFull
} from '../core/database/failures.ts'
import { migrateUp } from '../core/database/migrator.ts'
import { openToAll } from '../core/database/file.ts'
import { databaseFiles, isPostgresUrl, openDatabase, sqlitePath } from '../core/database/open.ts'
import { commitInGroups, logOf } from '../core/database/sqlite-log.ts'
import type { Db } from '../core/database/database.ts'
import { whenReachable } from '../core/database/wait.ts'
import { databaseCheck } from '../core/health/database.ts'

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
    fastify.addHook('onClose', async () => {
      await logOf(db)?.close()
      await db.destroy()
    })
    const open = openToAll(databaseFiles(DATABASE_URL))
    if (open.length > 0)
      fastify.log.warn(`everybody on this machine may read ${open.join(', ')}: chmod 600 ${open.join(' ')}`)
    await whenReachable(db, (reason) =>
      fastify.log.warn(`the database cannot be reached yet, and is tried again: ${reason}`)
    )
    for (const name of await migrate(DATABASE_URL, db))
      fastify.log.info({ migration: name }, 'migration applied')
    if (!isPostgresUrl(DATABASE_URL)) {
      await commitInGroups(db, sqlitePath(DATABASE_URL), {
        report: (error, meaning) => fastify.log.error({ err: error }, meaning)
      })
    }
    fastify.decorate('db', db)
    const report = (error: unknown) => fastify.log.error({ err: error }, 'not ready')
    fastify.readiness.add(await databaseCheck(db, DATABASE_URL, report))
    // Any route may meet the database: who is asking is looked up there.
    fastify.addHook('onRoute', (route) => {
      addToContract(route, {
        problems: [DatabaseBusy, DatabaseReadOnly, DatabaseUnreachable, StorageFull],
        headersByStatus: { 503: retryAfterHeader }
      })
    })
  },
  { name: 'db', dependencies: ['config', 'metrics', 'readiness'] }
)
