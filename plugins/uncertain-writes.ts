import fp from 'fastify-plugin'
import { DatabaseUnreachable } from './db/failures.ts'

/**
 * A change whose connection broke at its commit may have been made. The caller is told to look, and must not be shown
 * what was kept before: then all of it is dropped.
 */
export default fp(
  async (fastify) => {
    const tags = new Set<string>()
    fastify.addHook('onRoute', ({ config }) => {
      for (const tag of config?.cache?.tags ?? []) tags.add(tag)
    })
    fastify.addHook('onError', (_request, _reply, error, done) => {
      if (error instanceof DatabaseUnreachable) fastify.purge([...tags])
      done()
    })
  },
  { name: 'uncertain-writes', dependencies: ['cache'] }
)
