import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type IncomingMessage, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { Config } from '../core/config/environment.ts'
import { linkTo } from '../core/config/public-url.ts'
import { namesOneHost } from '../core/http/host.ts'
import { securityHeaders } from '../core/http/security-headers.ts'
import { markUnroutable, nowhere, unroutableFor } from '../core/http/unroutable.ts'
import { peerOf } from '../core/network/origin.ts'
import { problemMembers, problemPath, problemType } from '../core/problems/define.ts'
import { BadRequest, HeadersTooLarge, HostRefused, RequestTimeout } from '../core/problems/kinds.ts'

/**
 * What the router is given to read: the address of the request, or the way to nowhere. So what is refused for its address
 * or its host passes the same steps as all else: headers, CORS, limits, access log.
 */
export function addressOf(request: IncomingMessage): string {
  if (unroutableFor(request) === undefined) {
    if (!namesOneHost(request)) markUnroutable(request, new HostRefused())
    // The server as a whole (RFC 9112, section 3.2.4), which the router would take for its root.
    else if (request.url === '*') markUnroutable(request, new BadRequest())
    else return request.url ?? '/'
  }
  return nowhere
}

/** Sends what the router cannot read, such as a path that cannot be decoded, to nowhere. */
export function frameworkError(error: FastifyError, { raw, server }: FastifyRequest, reply: FastifyReply) {
  markUnroutable(raw, error)
  server.routing(raw, reply.raw)
}

const kinds: Record<string, typeof BadRequest> = {
  HPE_HEADER_OVERFLOW: HeadersTooLarge,
  ERR_HTTP_REQUEST_TIMEOUT: RequestTimeout
}

/** How long a client may take to read why it is refused, in milliseconds, before its connection is closed for good. */
const linger = 2_000

/**
 * Makes what answers what is not even HTTP, on the bare socket, and closes it. Fastify calls it as the server itself, which
 * has nothing that a plugin has added.
 */
export const clientErrorFor = (config: Pick<Config, 'PUBLIC_URL'>) =>
  function clientError(this: FastifyInstance, error: Error & { code?: string }, socket: Socket) {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy()
      return
    }
    const { kind } = kinds[error.code ?? ''] ?? BadRequest
    const { address } = peerOf(socket)
    this.log.info({ status: kind.status, code: kind.code, address, reason: error.code }, 'no request')
    const body = JSON.stringify(
      problemMembers({ ...kind, type: linkTo(config, problemPath(kind.code)) }, kind.detail, 'none')
    )
    const headers = {
      ...securityHeaders,
      'content-type': problemType,
      'content-length': Buffer.byteLength(body),
      'cache-control': 'no-store',
      connection: 'close'
    }
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
    socket.end(
      [`HTTP/1.1 ${kind.status} ${STATUS_CODES[kind.status] ?? ''}`, ...lines, '', body].join('\r\n')
    )
    // Whoever does not close the other half would keep it open for ever.
    setTimeout(() => socket.destroy(), linger).unref()
  }
