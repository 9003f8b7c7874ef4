import fp from 'fastify-plugin'
import { cleanUp } from '../core/retention/clean-up.ts'

const interval = 600_000

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
