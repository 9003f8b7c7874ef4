import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'

/**
 * A way to another server that can be cut and mended, or blocked and opened: what a network, a restart or a process
 * that hangs does to a connection.
 */
export async function startProxy(t: Test, target: string) {
  const { hostname, port } = new URL(target)
  /** Each end of a connection, and the end that gets what arrives at it. */
  const ends = new Map<Socket, Socket>()
  let blocked = false
  let deaf = false
  let connections = 0
  const proxy = createServer((near) => {
    connections++
    const far = connect({ host: hostname, port: Number(port) })
    for (const [socket, other] of [
      [near, far],
      [far, near]
    ] as const) {
      ends.set(socket, other)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        ends.delete(socket)
        other.destroy()
      })
      if (deaf && socket === far) socket.resume()
      else if (!blocked) socket.pipe(other)
    }
  })
  const listen = async (at: number) => {
    proxy.listen(at, '127.0.0.1')
    await once(proxy, 'listening')
  }
  const cut = () => {
    proxy.close()
    for (const socket of ends.keys()) socket.resetAndDestroy()
  }
  await listen(0)
  t.teardown(cut)
  const at = (proxy.address() as AddressInfo).port
  const url = new URL(target)
  url.hostname = '127.0.0.1'
  url.port = String(at)
  return {
    url: url.href,
    /** How many connections it has taken so far. */
    connections: () => connections,
    /** Breaks every connection and takes no new one. */
    cut,
    /** Takes connections again, at the same port. */
    mend: () => listen(at),
    /** Keeps connections and takes new ones, and lets nothing through. */
    block: () => {
      blocked = true
      for (const socket of ends.keys()) socket.unpipe()
    },
    /** From now on lets the requests of new connections through, and no answers. */
    deafen: () => {
      deaf = true
    },
    /** Lets everything through again, what was held up first. */
    open: () => {
      blocked = false
      for (const [socket, other] of ends) socket.pipe(other)
    }
  }
}
