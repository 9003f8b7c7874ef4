import fp from 'fastify-plugin'
import { Redis } from 'ioredis'
import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import { everything, type Message, type Shared } from './shared.ts'
import { watch } from './watch.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Null without REDIS_URL. */
    redis: Shared | null
  }
}

/** Nobody waits longer for Redis than this, in milliseconds: on its own an instance answers at once. */
const patience = 500

const options = {
  lazyConnect: true,
  connectTimeout: patience,
  commandTimeout: patience,
  disconnectTimeout: patience,
  maxLoadingRetryTime: patience,
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
  retryStrategy: (times: number) => Math.min(times * 50, patience)
}

/** Redis, for what instances share: counts, answers and messages. Boot and service go on without it. */
export default fp(
  async (fastify) => {
    const { REDIS_URL, REDIS_PREFIX: prefix } = fastify.config
    if (REDIS_URL === undefined) {
      fastify.decorate('redis', null)
      return
    }
    const client = new Redis(REDIS_URL, options)
    const ear = new Redis(REDIS_URL, { ...options, commandTimeout: undefined, autoResubscribe: false })
    const channel = `${prefix}messages`
    const self = randomUUID()
    const listeners: ((message: Message) => void)[] = []
    const returns: (() => void)[] = []
    let heard = false
    let waiting = true
    let wasUp: boolean | undefined
    let arrived = () => {}

    const isUp = () => heard && client.status === 'ready'
    const tell = (message: Message) => {
      client.publish(channel, JSON.stringify({ ...message, from: self })).catch(() => undefined)
    }
    const notice = () => {
      const up = isUp()
      if (up === wasUp || (waiting && !up)) return
      const returned = up && wasUp === false
      wasUp = up
      if (up) fastify.log.info('Redis is there: limits, cache and messages are shared')
      else fastify.log.warn('Redis is away: this instance counts by itself and caches nothing')
      if (up) arrived()
      if (!returned) return
      for (const listener of returns) listener()
      for (const listener of listeners) listener(everything)
      tell(everything)
    }
    for (const connection of [client, ear]) {
      // What breaks shows in the status; the reason is in the close that follows.
      connection.on('error', () => undefined)
      connection.on('close', () => {
        if (connection === ear) heard = false
        notice()
      })
    }
    client.on('ready', notice)
    ear.on('ready', () => {
      ear.subscribe(channel).then(
        () => {
          heard = true
          notice()
        },
        () => ear.disconnect(true)
      )
    })
    ear.on('message', (_channel: string, text: string) => {
      const { from, ...message } = JSON.parse(text) as Message & { from: string }
      if (from !== self) for (const listener of listeners) listener(message)
    })

    fastify.decorate('redis', {
      client,
      prefix,
      get up() {
        return isUp()
      },
      tell,
      hear: (listener) => listeners.push(listener),
      onReturn: (listener) => returns.push(listener)
    })
    const up = new Promise<void>((resolve) => (arrived = resolve))
    // What does not connect is tried again; a Redis that hangs or loads does not answer in time.
    for (const connection of [client, ear]) connection.connect().catch(() => undefined)
    await Promise.race([up, setTimeout(patience, undefined, { ref: false })])
    waiting = false
    notice()
    const watches = [client, ear].map(watch)
    fastify.addHook('onClose', () => {
      for (const end of watches) end()
      for (const connection of [client, ear]) connection.removeAllListeners('close').disconnect()
    })
  },
  { name: 'redis', dependencies: ['config'] }
)
