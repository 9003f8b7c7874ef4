import fp from 'fastify-plugin'
import { isMessage, type Message } from '../core/changes/message.ts'
import { isOfOurCluster } from '../core/processes/cluster.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** The other processes of bin/cluster.ts on this machine; a process by itself has none. */
    siblings: {
      tell(message: Message): void
      hear(listener: (message: Message) => void): void
    }
  }
}

/** What processes on one port tell each other, by way of their parent. */
export default fp(
  async (fastify) => {
    const listeners: ((message: Message) => void)[] = []
    fastify.decorate('siblings', {
      tell: (message) => {
        if (isOfOurCluster) process.send?.(message)
      },
      hear: (listener) => listeners.push(listener)
    })
    if (!isOfOurCluster) return
    const hear = (message: unknown) => {
      if (isMessage(message)) for (const listener of listeners) listener(message)
    }
    process.on('message', hear)
    fastify.addHook('onClose', async () => {
      process.off('message', hear)
    })
  },
  { name: 'siblings' }
)
