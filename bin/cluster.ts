/**
 * `npm run start:cluster`: serves with WORKERS processes on one port, over the same database. One that dies is
 * replaced. SIGTERM and SIGINT let all finish what is in flight, and end with 0 when each did so in time.
 *
 * Without Redis each process counts by itself: a caller whose connections end up at different processes gets a
 * limit once from each, WORKERS times in all. With REDIS_URL a limit is one over all of them.
 */
import cluster, { type Worker } from 'node:cluster'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import { setTimeout } from 'node:timers/promises'
import { AggregatorRegistry } from 'prom-client'
import { processEnvironment } from '../core/config/env-file.ts'
import { loadConfig } from '../core/config/load.ts'
import { isMessage } from '../core/changes/message.ts'
import { markOfCluster } from '../core/processes/cluster.ts'
import { serveMetrics } from '../plugins/metrics.ts'
import { logLine, standardOutput } from '../server/log-stream.ts'

const { HOST, METRICS_PORT, WORKERS } = loadConfig(processEnvironment())

/** Before one that died is replaced, in milliseconds, and twice that for each before it that did not get to serve. */
const pause = 500

/** So many in a row that did not get to serve: then none will, and whoever watches over this process is to know. */
const mostFailures = 5

cluster.setupPrimary({
  exec: createRequire(import.meta.url).resolve('fastify-cli/start.js'),
  args: [
    ...['--address', HOST, '--log-level', 'info', '--close-grace-delay', '10000', '--options'],
    fileURLToPath(new URL('../app.js', import.meta.url))
  ]
})

/** Says it in the log, in the form that the service itself writes. */
const say = (level: 'warn' | 'fatal', msg: string) => standardOutput.write(logLine(level, msg))

let stopping = false
let failed = false
let failures = 0
/** Those that have got to serve. */
const served = new WeakSet<Worker>()
let serving = false

/** Forks a process that knows whose it is. */
const fork = () => cluster.fork({ [markOfCluster]: String(process.pid) })

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

async function replace(worker: Worker, cause: string) {
  const ended = `process ${worker.process.pid ?? '?'} ended with ${cause}`
  if (!served.has(worker)) failures++
  if (failures >= mostFailures) {
    say('fatal', `${ended}, the ${failures}th in a row that did not get to serve: this service ends`)
    failed = true
    stop('SIGTERM')
    return
  }
  say('warn', `${ended}: it is replaced`)
  await setTimeout(pause * 2 ** failures)
  if (!stopping) fork()
}

cluster.on('listening', (worker) => {
  served.add(worker)
  failures = 0
  if (serving) return
  serving = true
  // The first has migrated the database and said where it is: now the others.
  for (let count = 1; count < WORKERS && !stopping; count++) fork()
})

cluster.on('exit', (worker, code, signal) => {
  if (stopping || !serving) {
    // One that is told to stop before it serves knows no other way than to die of the signal.
    failed ||= code !== 0 && (!stopping || served.has(worker))
    exitWhenAlone()
  } else {
    void replace(worker, signal || String(code))
  }
})

// What one tells is for all others.
cluster.on('message', (from, message: unknown) => {
  if (!isMessage(message)) return
  for (const worker of workers()) if (worker !== from && worker.isConnected()) worker.send(message)
})

process.on('SIGTERM', () => stop('SIGTERM'))
// A terminal's Ctrl-C reaches every process by itself, and a second signal would cut their answers off.
process.on('SIGINT', () => stop(process.stdin.isTTY ? undefined : 'SIGTERM'))

if (METRICS_PORT !== undefined) {
  const all = new AggregatorRegistry()
  await serveMetrics(HOST, METRICS_PORT, all.contentType, async () => {
    // What one is asked before it listens is lost, and its answer waited for in vain, for seconds.
    if (!workers().every((worker) => served.has(worker))) throw new Error('A process is starting')
    return all.clusterMetrics()
  })
}
fork()
