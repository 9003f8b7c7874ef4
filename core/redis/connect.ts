import { Redis } from 'ioredis'
import { randomUUID } from 'node:crypto'
import { setTimeout } from 'node:timers/promises'
import type { Message } from '../changes/message.ts'
import { faultOf, isRefusal, type RedisFault } from './faults.ts'
import { readNotice } from './notice.ts'
import type { SharedRedis } from './shared-redis.ts'
import { tryRedis } from './trial.ts'
import { beat, watch } from './watch.ts'

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
  autoResubscribe: false,
  retryStrategy: (times: number) => Math.min(times * 50, patience)
}

/** Who hears whether Redis can be used. */
interface Log {
  info(text: string): void
  warn(details: object, text: string): void
}

/** What is told after messages may have been lost: to this instance, and by it. */
const everything: Message = { touched: 'all' }

/**
 * Connects to Redis, and tries out once a second whether it can be used; keeps trying while it is away. Resolves when it is
 * up or refuses something, or after half a second without it.
 * @param prefix what every key and channel of this service begins with
 */
export async function connectRedis(url: string, prefix: string, log: Log) {
  const client = new Redis(url, options)
  const ear = new Redis(url, options)
  const connections = [client, ear]
  const self = randomUUID()
  // The numbered databases of a Redis have their channels in common.
  const channel = `${prefix}${client.options.db ?? 0}:messages`
  const epoch = `${prefix}epoch`
  const listeners: ((message: Message) => void)[] = []
  let state: 'starting' | 'up' | 'away' | 'closed' = 'starting'
  let fault: RedisFault | undefined
  /** What broke a connection last. */
  let broken: Error | undefined
  let trial: Promise<void> | undefined
  let failedTrials = 0
  /** Counts when purges or messages may have been lost: the epoch that was begun before does not make up for it. */
  let losses = 0
  let settle = () => {}
  const settled = new Promise<void>((resolve) => (settle = resolve))

  const becomeUp = () => {
    state = 'up'
    fault = undefined
    log.info('Redis is there: limits, cache and messages are shared')
    settle()
    for (const listener of listeners) listener(everything)
    tell(everything)
  }
  const becomeAway = (error: Error) => {
    const now = faultOf(error)
    if (state === 'closed' || (state === 'away' && fault === now)) return
    state = 'away'
    fault = now
    log.warn(
      { fault, reason: error.message },
      'Redis is away: this instance counts by itself and caches nothing'
    )
    settle()
  }
  const stopWaiting = () => {
    if (state === 'starting') becomeAway(broken ?? new Error('Redis does not answer'))
  }
  const lose = (error: unknown) => {
    losses++
    becomeAway(error instanceof Error ? error : new Error(String(error)))
    client.publish(channel, JSON.stringify({ from: self, lost: true })).catch(() => undefined)
  }
  const tell = (message: Message) => {
    client.publish(channel, JSON.stringify({ ...message, from: self })).catch(lose)
  }

  const tryOnce = async () => {
    const before = losses
    try {
      await tryRedis({ client, ear, prefix, channels: [channel, `${channel}:${self}`] })
      failedTrials = 0
      if (state === 'up') return
      await client.set(epoch, randomUUID())
      if (losses === before && state !== 'closed') becomeUp()
    } catch (error) {
      if (!(error instanceof Error)) throw error
      // One that came too late may be the fault of this process, which was busy.
      if (++failedTrials > 1 || isRefusal(error) || state !== 'up') becomeAway(error)
    }
  }
  const look = () => {
    if (client.status !== 'ready' || ear.status !== 'ready') return
    trial ??= tryOnce().finally(() => (trial = undefined))
  }
  const beats = () => {
    // The name of a primary leads to another server when it has become a replica: an open connection does not.
    if (fault === 'read_only') for (const connection of connections) connection.disconnect(true)
    else look()
  }

  for (const connection of connections) {
    connection.on('error', (error: Error) => (broken = error))
    connection.on('ready', look)
    connection.on('close', () => {
      losses++
      if (state === 'up') becomeAway(broken ?? new Error('The connection was closed'))
    })
  }
  ear.on('message', (_channel: string, text: string) => {
    const notice = readNotice(text)
    if (!notice || notice.from === self) return
    if (notice.lost) {
      losses++
      becomeAway(new Error('Another instance could not purge'))
      look()
    } else {
      for (const listener of listeners) listener(notice.message)
    }
  })

  // What does not connect is tried again; a Redis that hangs or loads does not answer in time.
  for (const connection of connections) connection.connect().catch(() => undefined)
  await Promise.race([settled, setTimeout(patience, undefined, { ref: false })])
  stopWaiting()
  const watches = connections.map(watch)
  const timer = setInterval(beats, beat).unref()

  const redis: SharedRedis = {
    client,
    prefix,
    epoch,
    get up() {
      return state === 'up'
    },
    get fault() {
      return state === 'up' ? undefined : fault
    },
    tell,
    hear: (listener) => listeners.push(listener),
    failed: (error) => {
      if (isRefusal(error)) becomeAway(error)
    },
    purgeFailed: lose
  }
  const close = () => {
    state = 'closed'
    clearInterval(timer)
    for (const end of watches) end()
    for (const connection of connections) connection.removeAllListeners('close').disconnect()
  }
  return { redis, close }
}
