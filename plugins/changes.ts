import fp from 'fastify-plugin'
import { type ChangeListener, onTouched, type Touched } from '../core/changes/touched.ts'
import { isPostgres } from '../core/database/backend.ts'
import { foreignChanges } from '../core/database/version.ts'
import { isForked, isOfOurCluster } from '../core/processes/cluster.ts'

declare module 'fastify' {
  interface FastifyInstance {
    changes: {
      /** Hears of every change, made here or by another process. */
      hear(listener: ChangeListener): void
      /** Hears of the changes that were made here alone. */
      hearOwn(listener: ChangeListener): void
    }
  }
}

/** How often it is looked for what nobody tells of, in milliseconds. */
const interval = 1_000

/**
 * What follows from a commit: whoever remembers something of what was touched hears of it, here and in the other
 * processes, before the change is acknowledged.
 */
export default fp(
  async (fastify) => {
    const { db, redis, siblings } = fastify
    const everybody: ChangeListener[] = []
    const own: ChangeListener[] = []
    const hear: ChangeListener = (touched) => {
      for (const listener of everybody) listener(touched)
    }
    const tell = (touched: readonly Touched[] | 'all') => {
      hear(touched)
      for (const listener of own) listener(touched)
      siblings.tell({ touched })
      redis?.tell({ touched })
    }
    onTouched(db, tell)
    siblings.hear(({ touched }) => hear(touched))
    redis?.hear(({ touched }) => hear(touched))

    // Not so the processes that another program forks, nor any two on one SQLite file.
    const hearsOfAll = redis !== null || isOfOurCluster || (isPostgres(db) && !isForked)
    if (!hearsOfAll) {
      let seen = await foreignChanges(db)
      const look = async () => {
        const now = await foreignChanges(db)
        if (now !== seen) hear('all')
        seen = now
      }
      const timer = setInterval(() => void look().catch(() => hear('all')), interval).unref()
      fastify.addHook('onClose', async () => clearInterval(timer))
    }

    fastify.decorate('changes', {
      hear: (listener) => everybody.push(listener),
      hearOwn: (listener) => own.push(listener)
    })
  },
  { name: 'changes', dependencies: ['db', 'redis', 'siblings'] }
)
