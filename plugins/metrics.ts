import Fastify from 'fastify'
import fp from 'fastify-plugin'
import cluster from 'node:cluster'
import { AggregatorRegistry, collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client'

/** What the database tells of itself. */
export interface DatabaseObserver {
  /** A query has been answered, or has failed; `seconds` after it was sent. */
  query(seconds: number): void
  /** How many calls wait for a connection, asked whenever metrics are read. */
  queue(length: () => number): void
}

declare module 'fastify' {
  interface FastifyInstance {
    /** Null without METRICS_PORT: then nothing is measured. */
    metrics: DatabaseObserver | null
  }
}

const fast = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

/** What became of a sign-in, by the status of its answer. */
const signInResults: Record<number, string> = { 200: 'success', 401: 'refused', 429: 'throttled' }

/** Serves GET /metrics with what `read` answers, in this media type. @throws when the port is taken */
export async function serveMetrics(host: string, port: number, type: string, read: () => Promise<string>) {
  const server = Fastify()
  server.get('/metrics', async (_request, reply) => {
    void reply.type(type)
    return read()
  })
  await server.listen({ host, port })
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
    new Gauge({
      name: 'gatehouse_passwords_waiting',
      help: 'Passwords that wait for a thread to be hashed or compared',
      registers,
      collect() {
        this.set(fastify.passwords.waiting())
      }
    })

    fastify.addHook('onResponse', (request, reply, done) => {
      // What no route takes has no bound on its paths: it is one label.
      const route = request.routeOptions.url ?? 'unknown'
      const { statusCode: status } = reply
      requests.observe({ method: request.method, route, status }, reply.elapsedTime / 1_000)
      if (status === 429) refusals.inc({ route })
      if (route === '/login') signIns.inc({ result: signInResults[status] ?? 'failed' })
      const cacheStatus = reply.getHeader('cache-status')
      if (cacheStatus !== undefined)
        cached.inc({ result: String(cacheStatus).includes('; hit') ? 'hit' : 'miss' })
      done()
    })
    fastify.decorate('metrics', {
      query: (seconds) => queries.observe(seconds),
      queue: (length) => {
        new Gauge({
          name: 'gatehouse_database_pool_waiting',
          help: 'Calls that wait for a connection to the database',
          registers,
          collect() {
            this.set(length())
          }
        })
      }
    })

    if (cluster.isWorker) {
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
