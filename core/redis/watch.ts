import type { Redis } from 'ioredis'
import type { Socket } from 'node:net'

/** How often something has to arrive, in milliseconds: silence is found within two of these. */
export const beat = 1_000

/**
 * Breaks a connection over which nothing arrives any more, for ioredis to make a new one: a Redis that hangs and a
 * route that is gone close nothing. Answers what ends the watch. (The `socketTimeout` of ioredis would outlive its
 * connection and break the next one; and an idle subscriber sends nothing that it would wait for.)
 */
export function watch(connection: Redis): () => void {
  let stream: Socket | undefined
  let bytes = 0
  const look = () => {
    if (stream === connection.stream && stream.bytesRead === bytes) stream.destroy()
    else connection.ping().catch(() => undefined)
    stream = connection.stream
    bytes = stream.bytesRead
  }
  // After what waits to be read: that this process was busy is not the other's silence.
  const timer = setInterval(() => setImmediate(look), beat).unref()
  return () => clearInterval(timer)
}
