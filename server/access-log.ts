import { type FastifyReply, type FastifyRequest, LogController } from 'fastify'

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
    if (!this.#isOn && !error) return
    const line = {
      reqId: request.id,
      method: request.method,
      path: request.url.split('?', 1)[0],
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 10) / 10,
      address: request.ip,
      user: request.user?.id
    }
    // The server's own logger: the request's would print the id a second time.
    if (error) request.server.log.error({ ...line, err: error }, 'request errored')
    else request.server.log.info(line, 'request')
  }
}
