import { type FastifyReply, type FastifyRequest, LogController } from 'fastify'
import { originOf } from '../core/network/origin.ts'
import { problemCodeOf } from '../core/problems/send.ts'

/** A trace that the caller is part of (W3C Trace Context, section 3.2): not version ff, no id of zeros, and only versions after 00 say more. */
const traceparent =
  /^(?!ff|00.{54})[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?$/

const traceOf = ({ headers }: FastifyRequest) => {
  const given = headers['traceparent']
  return typeof given === 'string' ? traceparent.exec(given)?.[1] : undefined
}

/** One line for each request, when it has been answered. Never the query: people put tokens there. */
export class AccessLog extends LogController {
  readonly #isOn: boolean

  /** @param level the least level that is logged: above `info`, no line is even put together */
  constructor(level: string) {
    super()
    this.#isOn = ['info', 'debug', 'trace'].includes(level)
  }

  override incomingRequest() {
    // The line at the end says all.
  }

  override requestCompleted(error: Error | null | undefined, request: FastifyRequest, reply: FastifyReply) {
    // Here everything that is answered comes by, and there need be no hook for it.
    request.server.analytics?.count(request, reply)
    if (!this.#isOn && !error) return
    const line = {
      method: request.method,
      path: request.originalUrl.split('?', 1)[0],
      route: request.routeOptions.url,
      status: reply.statusCode,
      code: problemCodeOf(reply),
      ms: Math.round(reply.elapsedTime * 10) / 10,
      address: originOf(request).address,
      user: request.user?.id,
      trace: traceOf(request)
    }
    if (error) request.log.error({ ...line, err: error }, 'request errored')
    else request.log.info(line, 'request')
  }
}
