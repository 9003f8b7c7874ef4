import fp from 'fastify-plugin'
import { Lookups } from '../core/keys/lookups.ts'
import { KeyUses } from '../core/keys/uses.ts'

declare module 'fastify' {
  interface FastifyInstance {
    apiKeys: {
      /** When keys were last used: noted with each request, and written once a minute. */
      uses: KeyUses
      /** How often each network has asked for keys that there are not. */
      lookups: Lookups
    }
  }
}

/** How often it is written when keys were last used, in milliseconds: up to a fifth later, so that processes do not come all at once. */
const flushEvery = 60_000

/** What is remembered of keys between requests. */
export default fp(
  async (fastify) => {
    const { db, log, settings } = fastify
    const uses = new KeyUses(db)
    let flushing = Promise.resolve()
    const flush = () => {
      flushing = uses
        .flush()
        .catch((error: unknown) => log.warn({ err: error }, 'when keys were used could not be written'))
    }
    const timer = setInterval(flush, flushEvery * (1 + Math.random() / 5)).unref()
    fastify.addHook('onClose', async () => {
      clearInterval(timer)
      await flushing
      flush()
      await flushing
    })
    fastify.decorate('apiKeys', { uses, lookups: new Lookups(() => settings.inForce.rate_limit_default) })
  },
  { name: 'api-keys', dependencies: ['db', 'settings'] }
)
