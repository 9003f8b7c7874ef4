import fp from 'fastify-plugin'
import { dataKeys, makeSeal, type Seal } from '../core/vault/vault.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The seal for values of a purpose; ask when the server starts. */
    sealFor(purpose: string): Seal
  }
}

/** Encryption of what the database keeps and nobody may read there. */
export default fp(
  async (fastify) => {
    const { config } = fastify
    fastify.decorate('sealFor', (purpose) => makeSeal(dataKeys(config), purpose))
  },
  { name: 'vault', dependencies: ['config'] }
)
