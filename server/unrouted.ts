import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify'
import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { problemMembers, problemType } from '../schemas/problems.ts'
import { securityHeaders } from '../plugins/headers.ts'
import { sendProblem } from '../plugins/errors/index.ts'
import { BadRequest, HeadersTooLarge, RequestTimeout } from '../plugins/errors/kinds.ts'

/** Answers what Fastify refuses before it has a route, such as a path that cannot be decoded: no hook runs then. */
export function frameworkError(error: FastifyError, request: FastifyRequest, reply: FastifyReply) {
  reply.headers(securityHeaders).header('x-request-id', request.id)
  void sendProblem(error, request, reply)
}

const kinds: Record<string, typeof BadRequest> = {
  HPE_HEADER_OVERFLOW: HeadersTooLarge,
  ERR_HTTP_REQUEST_TIMEOUT: RequestTimeout
}

/** How long a client may take to read why it is refused, in milliseconds, before its connection is closed for good. */
const linger = 2_000

/** Answers what is not even HTTP, on the bare socket, and closes it. */
export function clientError(error: Error & { code?: string }, socket: Socket) {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const { kind } = kinds[error.code ?? ''] ?? BadRequest
  const body = JSON.stringify(problemMembers(kind, kind.detail, 'none'))
  const headers = {
    ...securityHeaders,
    'content-type': problemType,
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    connection: 'close'
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`)
  socket.end([`HTTP/1.1 ${kind.status} ${STATUS_CODES[kind.status] ?? ''}`, ...lines, '', body].join('\r\n'))
  // Whoever does not close the other half would keep it open for ever.
  setTimeout(() => socket.destroy(), linger).unref()
}
