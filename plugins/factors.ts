import fp from 'fastify-plugin'
import type { Judges } from '../core/factors/proofs.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** What judges the proofs of who somebody is. */
    judges: Judges
  }
}

/** Second factors, whose secrets the database has sealed. */
export default fp(
  async (fastify) => {
    const { config, db, passkeys, passwords } = fastify
    const seal = fastify.sealFor('factors')
    fastify.decorate('judges', { config, db, passwords, seal, ...passkeys })
  },
  { name: 'factors', dependencies: ['config', 'db', 'passkeys', 'passwords', 'vault'] }
)
