import fp from 'fastify-plugin'
import { type Passwords, passwordHashing } from '../core/passwords/hashing.ts'

declare module 'fastify' {
  interface FastifyInstance {
    passwords: Passwords
  }
}

/** bcrypt, at the configured cost. */
export default fp(
  async (fastify) => {
    const passwords = passwordHashing(fastify.config.BCRYPT_COST)
    fastify.decorate('passwords', passwords)
    const help = 'Passwords that wait for a thread to be hashed or compared'
    fastify.metrics?.gauge('gatehouse_passwords_waiting', help, () => passwords.waiting())
  },
  { name: 'passwords', dependencies: ['config', 'metrics'] }
)
