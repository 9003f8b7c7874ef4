import fp from 'fastify-plugin'
import cluster from 'node:cluster'

declare module 'fastify' {
  interface FastifyInstance {
    /** The other processes of bin/cluster.ts on this machine; a process by itself has none. */
    siblings: {
      /** Tells the others that answers which bear one of these tags are out of date. */
      purge(tags: readonly string[]): void
      onPurge(listener: (tags: readonly string[]) => void): void
    }
  }
}

const isPurge = (message: unknown): message is { purge: string[] } =>
  typeof message === 'object' && message !== null && 'purge' in message && Array.isArray(message.purge)

/** What processes on one port tell each other, by way of their parent. Whoever is signed in they find in the database. */
export default fp(
  async (fastify) => {
    const listeners: ((tags: readonly string[]) => void)[] = []
    fastify.decorate('siblings', {
      purge: (tags) => {
        if (cluster.isWorker) process.send?.({ purge: tags })
      },
      onPurge: (listener) => listeners.push(listener)
    })
    if (!cluster.isWorker) return
    const hear = (message: unknown) => {
      if (isPurge(message)) for (const listener of listeners) listener(message.purge)
    }
    process.on('message', hear)
    fastify.addHook('onClose', async () => {
      process.off('message', hear)
    })
  },
  { name: 'siblings' }
)
