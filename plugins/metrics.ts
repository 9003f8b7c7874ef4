import Fastify from 'fastify'
import fp from 'fastify-plugin'
import { AggregatorRegistry, collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'
import type { DatabaseObserver } from '../core/database/observer.ts'
import { signInEnding, signInRoutes } from '../core/sessions/sign-in-ending.ts'
import { isForked, isOfOurCluster } from '../core/processes/cluster.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** Null without METRICS_PORT: then nothing is measured. */
    metrics: Metrics | null
  }
}

interface Metrics extends DatabaseObserver {
  /** Adds a value that is read whenever metrics are. */
  gauge(name: string, help: string, read: () => number): void
}

const fast = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

const signInResults = { ok: 'success', refused: 'refused', throttled: 'throttled' }

const isTaken = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'

/** Serves GET /metrics with what `read` answers, in this media type, or 503 with why it throws. @throws when the port is taken */
export async function serveMetrics(host: string, port: number, type: string, read: () => Promise<string>) {
  const server = Fastify()
  server.get('/metrics', async (_request, reply) => {
    try {
      const metrics = await read()
      return await reply.type(type).send(metrics)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      return reply.code(503).header('retry-after', '1').send(reason)
    }
  })
  try {
    // Shared by forked processes, a port would answer with the metrics of now this one, now that one.
    await server.listen({ host, port, exclusive: true })
  } catch (error) {
    if (!isForked || !isTaken(error)) throw error
    const refusal = new Error(
      `METRICS_PORT=${port} is taken. Processes that another program forks need one each (increment_var of PM2); npm run start:cluster serves one for all of its own.`,
      { cause: error }
    )
    refusal.stack = refusal.message
    throw refusal
  }
  return server
}

/** GET /metrics in the format of Prometheus, on a port of its own that need not be open to the world. */
export default fp(
  async (fastify) => {
    const { HOST, METRICS_PORT } = fastify.config
    if (METRICS_PORT === undefined) {
      fastify.decorate('metrics', null)
      return
    }
    const register = new Registry()
    const registers = [register]
    collectDefaultMetrics({ register })
    const requests = new Histogram({
      name: 'gatehouse_http_request_duration_seconds',
      help: 'Requests by route and status, with their duration',
      labelNames: ['method', 'route', 'status'],
      buckets: fast,
      registers
    })
    const signIns = new Counter({
      name: 'gatehouse_sign_ins_total',
      help: 'Sign-ins by their result',
      labelNames: ['result'],
      registers
    })
    const refusals = new Counter({
      name: 'gatehouse_limit_refusals_total',
      help: 'Requests refused because a limit was reached',
      labelNames: ['route'],
      registers
    })
    const cached = new Counter({
      name: 'gatehouse_cache_answers_total',
      help: 'Answers of cached routes, by whether they came from the cache',
      labelNames: ['result'],
      registers
    })
    const queries = new Histogram({
      name: 'gatehouse_database_query_duration_seconds',
      help: 'Queries, with their duration',
      buckets: fast,
      registers
    })
    const gauge = (name: string, help: string, read: () => number) => {
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read())
        }
      })
    }

    fastify.addHook('onResponse', (request, reply, done) => {
      // What no route takes has no bound on its paths: it is one label.
      const route = request.routeOptions.url ?? 'unknown'
      const { statusCode: status } = reply
      requests.observe({ method: request.method, route, status }, reply.elapsedTime / 1_000)
      if (status === 429) refusals.inc({ route })
      const ending = signInRoutes.has(route) && signInEnding(reply)
      if (ending) signIns.inc({ result: signInResults[ending] })
      const cacheStatus = reply.getHeader('cache-status')
      if (cacheStatus !== undefined)
        cached.inc({ result: String(cacheStatus).includes('; hit') ? 'hit' : 'miss' })
      done()
    })
    fastify.decorate('metrics', {
      query: (seconds) => queries.observe(seconds),
      queue: (length) =>
        gauge('gatehouse_database_pool_waiting', 'Calls that wait for a connection to the database', length),
      gauge
    })

    if (isOfOurCluster) {
      // bin/cluster.ts serves the sums of all its processes.
      AggregatorRegistry.setRegistries([register])
      new AggregatorRegistry()
      return
    }
    const server = await serveMetrics(HOST, METRICS_PORT, register.contentType, () => register.metrics())
    fastify.addHook('onClose', () => server.close())
    fastify.log.info(`metrics at ${server.listeningOrigin}/metrics`)
  },
  { name: 'metrics', dependencies: ['config'] }
)
