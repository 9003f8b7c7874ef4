import fp from 'fastify-plugin'
import { isExposed } from '../core/config/exposure.ts'
import { speaksForAll } from '../core/processes/cluster.ts'

/** Says in one line where everything is, and which development defaults are in force. */
export default fp(
  async (fastify) => {
    if (!speaksForAll) return
    const { config } = fastify
    fastify.addHook('onListen', (done) => {
      const address = fastify.listeningOrigin
      const defaults = [
        config.JWT_ALGORITHM === 'HS256' &&
          config.JWT_SECRET === undefined &&
          'JWT_SECRET made here and kept beside the database',
        !isExposed(config) &&
          config.ADMIN_PASSWORD === undefined &&
          "accounts admin and user with the guide's password"
      ].filter(Boolean)
      const development =
        config.NODE_ENV === 'production'
          ? ''
          : ` · ${config.NODE_ENV} defaults in force: ${defaults.join(', ') || 'none'}`
      fastify.log.info(
        `Gatehouse API ${address} · console ${address}/console/ · documentation ${address}/documentation · OpenAPI ${address}/openapi.json${development}`
      )
      done()
    })
  },
  { name: 'announce', dependencies: ['config', 'first-accounts'] }
)
