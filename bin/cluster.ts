/**
 * `npm run start:cluster`: serves with WORKERS processes on one port, over the same database. One that dies is
 * replaced. SIGTERM and SIGINT let all finish what is in flight, and end with 0 when each did so in time.
 *
 * Without Redis each process counts by itself: a caller whose connections end up at different processes gets a
 * limit once from each, WORKERS times in all. With REDIS_URL a limit is one over all of them.
 */
import './env.ts'
import cluster, { type Worker } from 'node:cluster'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { setTimeout } from 'node:timers/promises'
import { AggregatorRegistry } from 'prom-client'
import { loadConfig } from '../plugins/config.ts'
import { serveMetrics } from '../plugins/metrics.ts'

const { HOST, METRICS_PORT, WORKERS } = loadConfig(process.env)

/** Before one that died is replaced, in milliseconds: what kills each at once should not fill the machine. */
const pause = 500

cluster.setupPrimary({
  exec: createRequire(import.meta.url).resolve('fastify-cli/start.js'),
  args: [
    ...['--address', HOST, '--log-level', 'info', '--close-grace-delay', '10000', '--options'],
    fileURLToPath(new URL('../app.js', import.meta.url))
  ]
})

/** A line of the log, in the form that the service itself writes. */
const warn = (msg: string) =>
  console.log(JSON.stringify({ level: 40, time: Date.now(), pid: process.pid, msg }))

let stopping = false
let serving = false
let failed = false

/** The processes that live; one that died may be listed until its channel is closed. */
const workers = () =>
  Object.values(cluster.workers ?? {})
    .filter((worker) => worker !== undefined)
    .filter((worker) => !worker.isDead())

/** Between a death and the replacement there may be none whose end would end this process. */
function exitWhenAlone() {
  if (workers().length === 0) process.exit(failed ? 1 : 0)
}

function stop(signal?: NodeJS.Signals) {
  stopping = true
  for (const worker of workers()) if (signal) worker.process.kill(signal)
  exitWhenAlone()
}

async function replace({ process: { pid } }: Worker, cause: string) {
  warn(`process ${pid ?? '?'} ended with ${cause}: it is replaced`)
  await setTimeout(pause)
  if (!stopping) cluster.fork()
}

cluster.on('listening', () => {
  if (serving) return
  serving = true
  // The first has migrated the database and said where it is: now the others.
  for (let count = 1; count < WORKERS && !stopping; count++) cluster.fork()
})

cluster.on('exit', (worker, code, signal) => {
  if (stopping || !serving) {
    failed ||= code !== 0
    exitWhenAlone()
  } else {
    void replace(worker, signal || String(code))
  }
})

// What one tells is for all others.
cluster.on('message', (from, message: { purge?: unknown }) => {
  if (message.purge === undefined) return
  for (const worker of workers())
    if (worker !== from && worker.isConnected()) worker.send({ purge: message.purge })
})

process.on('SIGTERM', () => stop('SIGTERM'))
// A terminal's Ctrl-C reaches every process by itself, and a second signal would cut their answers off.
process.on('SIGINT', () => stop(process.stdin.isTTY ? undefined : 'SIGTERM'))

if (METRICS_PORT !== undefined) {
  const all = new AggregatorRegistry()
  await serveMetrics(HOST, METRICS_PORT, all.contentType, () => all.clusterMetrics())
}
cluster.fork()
