import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Test } from 'tap'

/** A way to another server that can be cut and mended: what a network or a restart does to a connection. */
export async function startProxy(t: Test, target: string) {
  const { hostname, port } = new URL(target)
  const open = new Set<Socket>()
  const proxy = createServer((near) => {
    const far = connect({ host: hostname, port: Number(port) })
    for (const [socket, other] of [
      [near, far],
      [far, near]
    ] as const) {
      open.add(socket)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        open.delete(socket)
        other.destroy()
      })
      socket.pipe(other)
    }
  })
  const listen = async (at: number) => {
    proxy.listen(at, '127.0.0.1')
    await once(proxy, 'listening')
  }
  const cut = () => {
    proxy.close()
    for (const socket of open) socket.resetAndDestroy()
  }
  await listen(0)
  t.teardown(cut)
  const at = (proxy.address() as AddressInfo).port
  const url = new URL(target)
  url.hostname = '127.0.0.1'
  url.port = String(at)
  return {
    url: url.href,
    /** Breaks every connection and takes no new one. */
    cut,
    /** Takes connections again, at the same port. */
    mend: () => listen(at)
  }
}
