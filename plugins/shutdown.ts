import fp from 'fastify-plugin'
import { delaySignals } from '../core/processes/delay-signals.ts'

/** Milliseconds that answers under way get when the server stops; the process manager's patience is twice that. */
const patience = 5_000

/**
 * Stops in time: idle connections are closed at once, silent and half-sent ones when the answers had their time. For
 * SHUTDOWN_DELAY before that it serves as before, and says that it is not ready: a load balancer looks now and then only.
 */
export default fp(
  async (fastify) => {
    const { SHUTDOWN_DELAY } = fastify.config
    const stopping = () => fastify.readiness.end('it is stopping')
    if (SHUTDOWN_DELAY > 0) {
      let takeBack = () => {}
      // By then whoever starts the server listens for the signals.
      fastify.addHook('onListen', (done) => {
        takeBack = delaySignals(SHUTDOWN_DELAY, () => {
          stopping()
          fastify.log.info(`stopping in ${SHUTDOWN_DELAY / 1_000} s, or at another signal`)
        })
        done()
      })
      fastify.addHook('onClose', async () => takeBack())
    }
    fastify.addHook('preClose', (done) => {
      stopping()
      setTimeout(() => fastify.server.closeAllConnections(), patience).unref()
      done()
    })
  },
  { name: 'shutdown', dependencies: ['config', 'readiness'] }
)
