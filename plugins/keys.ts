import fp from 'fastify-plugin'
import { type KeyRing, loadKeys } from '../core/tokens/keys.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The keys of access tokens. */
    keys: KeyRing
  }
}

/** Loads the keys of access tokens. @throws when none of them can sign */
export default fp(
  async (fastify) => {
    fastify.decorate('keys', loadKeys(fastify.config))
  },
  { name: 'keys', dependencies: ['config'] }
)
