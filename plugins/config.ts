import fp from 'fastify-plugin'
import { type Config, loadConfig } from '../core/config/load.ts'

declare module 'fastify' {
  interface FastifyInstance {
    config: Config
  }
}

/** Makes the configuration `fastify.config`; a test hands its own in. */
export default fp<{ config?: Config }>(
  async (fastify, options) => {
    fastify.decorate('config', options.config ?? loadConfig(process.env))
  },
  { name: 'config' }
)
