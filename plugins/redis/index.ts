import fp from 'fastify-plugin'
import { Redis } from 'ioredis'
import { randomUUID } from 'node:crypto'

/** What one instance tells the others. */
interface Message {
  /** Answers that bear one of these tags are out of date; `*` is all. */
  purge?: readonly string[]
  /** Sessions, accounts or roles have changed: whoever was remembered is to be looked up again. */
  forget?: true
}

/** What several instances share. */
export interface Shared {
  client: Redis
  /** What every key and channel of ours begins with. */
  prefix: string
  /** Whether Redis answers and messages arrive. While not, every instance is on its own. */
  readonly up: boolean
  /** Tells the other instances; what is told while Redis is away is lost. */
  tell(message: Message): void
  /** Hears the others, and `{ purge: ['*'], forget: true }` when messages may have been lost. */
  hear(listener: (message: Message) => void): void
}

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
  maxRetriesPerRequest: 0,
  enableOfflineQueue: false,
  retryStrategy: (times: number) => Math.min(times * 50, 500)
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
    let heard = false
    let wasUp: boolean | undefined

    const isUp = () => heard && client.status === 'ready'
    const notice = () => {
      const up = isUp()
      if (up === wasUp) return
      if (up) fastify.log.info('Redis is there: limits, cache and messages are shared')
      else fastify.log.warn('Redis is away: this instance counts by itself and caches nothing')
      wasUp = up
      // Whatever the others said meanwhile was not heard.
      if (up) for (const listener of listeners) listener({ purge: ['*'], forget: true })
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
      tell: (message) => {
        client.publish(channel, JSON.stringify({ ...message, from: self })).catch(() => undefined)
      },
      hear: (listener) => listeners.push(listener)
    })
    await Promise.allSettled([client.connect(), ear.connect()])
    notice()
    fastify.addHook('onClose', () => {
      for (const connection of [client, ear]) connection.removeAllListeners('close').disconnect()
    })
  },
  { name: 'redis', dependencies: ['config'] }
)
