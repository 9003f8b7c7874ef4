import fp from 'fastify-plugin'
import { type Challenges, makeChallenges } from '../core/passkeys/challenges.ts'

declare module 'fastify' {
  interface FastifyInstance {
    passkeys: {
      /** What passkeys sign, drawn and known again with the keys of this server. */
      challenges: Challenges
    }
  }
}

/** The challenges of passkeys. */
export default fp(
  async (fastify) => {
    fastify.decorate('passkeys', { challenges: makeChallenges(fastify.keys) })
  },
  { name: 'passkeys', dependencies: ['keys'] }
)
