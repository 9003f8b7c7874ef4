import type { FastifyHttpOptions } from 'fastify'
import { randomBytes } from 'node:crypto'
import type { IncomingMessage, Server } from 'node:http'
import type { Config } from '../core/config/load.ts'
import { trustedBy } from '../core/network/trust.ts'
import { isInstant } from '../core/time/instant.ts'
import { AccessLog } from './access-log.ts'
import { standardOutput } from './log-stream.ts'
import { serializers } from './serializers.ts'
import { addressOf, clientErrorFor, frameworkError } from './unrouted.ts'

/** A request id from outside is taken only when it can do no harm in a log or a header. */
const harmless = /^[A-Za-z0-9._-]{1,64}$/

/** Ids that are unique over restarts and instances, and cost next to nothing. */
function requestIds() {
  const prefix = randomBytes(6).toString('hex')
  let count = 0
  return (request: IncomingMessage) => {
    const given = request.headers['x-request-id']
    return typeof given === 'string' && harmless.test(given) ? given : `${prefix}-${(count++).toString(36)}`
  }
}

/** The options of the Fastify server itself, for a configuration. */
export function serverOptions(config: Config) {
  return {
    logger: { level: config.LOG_LEVEL, stream: standardOutput },
    logController: new AccessLog(config.LOG_LEVEL),
    genReqId: requestIds(),
    trustProxy: config.TRUST_PROXY.length > 0 ? trustedBy(config.TRUST_PROXY) : false,
    bodyLimit: config.BODY_LIMIT,
    // A slow client is cut: silent or half-sent headers after 15 s, half-sent requests after 30 s.
    requestTimeout: 30_000,
    keepAliveTimeout: config.KEEP_ALIVE_TIMEOUT,
    // One that takes nothing of its answer is cut too, after this long without a byte either way.
    connectionTimeout: 60_000,
    http: {
      headersTimeout: 15_000,
      // How often that is looked after; Node.js would do it every 30 s.
      connectionsCheckingInterval: 2_000,
      // A second Authorization header must not be dropped in silence: joined, it is no token, and two hosts are none.
      joinDuplicateHeaders: true,
      // Node.js would refuse with an answer that is no problem; see addressOf.
      requireHostHeader: false
    },
    // A start may have to wait for another process that migrates.
    pluginTimeout: 120_000,
    // While stopping, what still arrives on an open connection is answered in full, and the connection closed.
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    schemaController: { compilersFactory: { buildSerializer: serializers() } },
    ajv: {
      customOptions: { removeAdditional: false, coerceTypes: false, allErrors: true },
      // ajv-formats takes offsets that are none, and years that no database can hold.
      onCreate: (ajv) => void ajv.addFormat('date-time', isInstant)
    },
    rewriteUrl: addressOf,
    frameworkErrors: frameworkError,
    clientErrorHandler: clientErrorFor(config)
  } as const satisfies FastifyHttpOptions<Server>
}
