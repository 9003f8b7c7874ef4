import fp from 'fastify-plugin'
import { isExposed, isLoopback } from '../core/config/exposure.ts'

/**
 * Holds the service to what HOST says: where that is loopback, default passwords are allowed and anybody may make an
 * account, and whoever starts it may have it listen elsewhere all the same (`fastify start --address`).
 */
export default fp(
  async (fastify) => {
    if (isExposed(fastify.config)) return
    fastify.addHook('onListen', (done) => {
      // A Unix socket has a path instead.
      const hosts = fastify.addresses().flatMap((bound) => (typeof bound === 'string' ? [] : [bound.address]))
      const elsewhere = hosts.find((host) => !isLoopback(host))
      if (elsewhere !== undefined) {
        fastify.log.fatal(
          `it listens on ${elsewhere}, and HOST says ${fastify.config.HOST}: set HOST to what it is to listen on`
        )
        process.exitCode = 1
        void fastify.close()
      }
      done()
    })
  },
  { name: 'loopback', dependencies: ['config'] }
)
