import fp from 'fastify-plugin'
import { isOfOurCluster } from '../core/processes/cluster.ts'
import { delaySignals } from '../core/processes/delay-signals.ts'

/** Milliseconds that answers under way get when the server stops; the process manager's patience is twice that. */
const patience = 5_000

/**
 * For how many milliseconds a process of a cluster takes a signal for the same: one that was sent to them all, as systemd
 * does, reaches each twice, as the first process passes it on, and a second one would cut answers off.
 */
const deaf = isOfOurCluster ? 1_000 : 0

/**
 * Stops in time: idle connections are closed at once, silent and half-sent ones when the answers had their time. For
 * SHUTDOWN_DELAY before that it serves as before, and says that it is not ready: a load balancer looks now and then only.
 */
export default fp(
  async (fastify) => {
    const delay = Math.max(fastify.config.SHUTDOWN_DELAY, deaf)
    const stopping = () => fastify.readiness.end('it is stopping')
    if (delay > 0) {
      let takeBack = () => {}
      // By then whoever starts the server listens for the signals.
      fastify.addHook('onListen', (done) => {
        takeBack = delaySignals({ delay, deaf }, () => {
          stopping()
          fastify.log.info(`stopping in ${delay / 1_000} s, or at another signal`)
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
