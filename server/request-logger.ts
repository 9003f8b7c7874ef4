import type { FastifyServerOptions } from 'fastify'

/**
 * The logger of one request: the server's, which knows the id besides. A child as pino makes it puts the id into
 * JSON at once, for every request; most of them write nothing.
 */
export const requestLogger: NonNullable<FastifyServerOptions['childLoggerFactory']> = (
  logger,
  bindings,
  options
) => {
  const parent = Object.keys(options).length > 0 ? logger.child({}, options) : logger
  return Object.assign(Object.create(parent) as typeof parent, bindings)
}

/** Adds the request's id to each line of its logger. */
export const requestIdMixin = (_line: object, _level: number, logger: object) =>
  'reqId' in logger ? { reqId: logger.reqId } : {}
