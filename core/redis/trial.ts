import type { Redis } from 'ioredis'
import { randomUUID } from 'node:crypto'
import { sharedCounter } from './counter.ts'

/** How long a message may be under way, in milliseconds. */
const patience = 500
/** How long what a trial writes stays in Redis, in milliseconds. */
const kept = 1_000

/** Two connections, one to send commands and one to listen, and what keys and channels begin with. */
export interface Trial {
  client: Redis
  ear: Redis
  prefix: string
  /** Channels to listen to: the last one is this process's own. */
  channels: readonly [...string[], string]
}

function hears(ear: Redis, nonce: string) {
  return new Promise<void>((resolve, reject) => {
    const end = (error?: Error) => {
      clearTimeout(timer)
      ear.off('message', listen)
      if (error) reject(error)
      else resolve()
    }
    const listen = (_channel: string, text: string) => {
      if (text === nonce) end()
    }
    const timer = setTimeout(() => end(new Error('What is published does not arrive')), patience)
    ear.on('message', listen)
  })
}

/**
 * Does all that the service does in Redis: counts by a script, writes, reads, publishes and hears it. That it answers
 * says little: it may be full, a replica, a node of a cluster, or closed to this user. @throws what is refused first
 */
export async function tryRedis({ client, ear, prefix, channels }: Trial): Promise<void> {
  const nonce = randomUUID()
  const key = `${prefix}trial`
  const { db = 0 } = client.options
  // Where there is no database of this number, a connection could go on in another one.
  if (db !== 0) await client.select(db)
  await ear.subscribe(...channels)
  await new Promise<void>((resolve, reject) => {
    const counter = sharedCounter(client, `${prefix}limit:`, kept)
    counter.count('trial', (error) => (error ? reject(error) : resolve()))
  })
  await client.set(key, nonce, 'PX', kept)
  await Promise.all([client.mget(key, `${prefix}epoch`), client.pttl(key), client.pexpire(key, kept)])
  await Promise.all([hears(ear, nonce), client.publish(channels.at(-1) ?? '', nonce)])
}
