import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

/** A proxy that serves what is behind it below a path, which it takes away before it passes a request on; where it is. */
export async function startPrefix(t: Test, path: string, target: () => string): Promise<string> {
  const proxy = createServer((asked, answer) => {
    if (!asked.url?.startsWith(`${path}/`)) {
      answer.writeHead(404).end('Nothing of the service is here.')
      return
    }
    const { method, headers } = asked
    const url = new URL(target())
    const passed = request(
      { hostname: url.hostname, port: url.port, path: asked.url.slice(path.length), method, headers },
      (response) => {
        answer.writeHead(response.statusCode ?? 502, response.headers)
        response.pipe(answer)
      }
    )
    passed.on('error', () => answer.destroy())
    asked.pipe(passed)
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  t.teardown(() => {
    proxy.close()
    proxy.closeAllConnections()
  })
  return `http://127.0.0.1:${(proxy.address() as AddressInfo).port}${path}`
}
