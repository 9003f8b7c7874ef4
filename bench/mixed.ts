import { statSync } from 'node:fs'
import { load, pace } from './load.ts'
import { service, start } from './processes.ts'
import type { Stage } from './scenarios.ts'
import { printTable, quantile, show } from './statistics.ts'
import { as } from './throughput.ts'
import { refreshing } from './writes.ts'

const intervals = 10
const clients = 32

/**
 * Refreshes by 32 clients beside reads at a steady rate, for some minutes: whether checkpoints, or anything that grows,
 * show in the rate of the writes or in how long anybody waits.
 */
export async function measureMixed({ seeded, effort: { minutes } }: Stage) {
  const file = seeded.env['DATABASE_URL']?.replace(/^file:/, '') ?? ''
  const server = await start('service-mixed', service, seeded.env)
  const seconds = (minutes * 60) / intervals
  const mebibytes = (suffix: string) =>
    (statSync(file + suffix, { throwIfNoEntry: false })?.size ?? 0) / 2 ** 20
  const outcomes = []
  for (let interval = 0; interval < intervals; interval++) {
    const [writes, reads, pages] = await Promise.all([
      load(server, { seconds, connections: clients, perConnection: refreshing(seeded, clients) }),
      pace(server, '/protected', as(seeded.admin), { perSecond: 100, seconds }),
      pace(server, '/users?limit=20', as(seeded.admin), { perSecond: 10, seconds })
    ])
    outcomes.push({
      writesPerSecond: writes.rate,
      writes: [0.5, 0.99].map((share) => quantile(writes.latencies, share)),
      reads: [0.5, 0.99].map((share) => quantile(reads, share)),
      pages: [0.5, 0.99].map((share) => quantile(pages, share)),
      log: mebibytes('-wal'),
      database: mebibytes(''),
      resident: server.resident()
    })
  }
  await server.stop()
  const both = (values: number[]) => values.map(show).join(', ')
  printTable(
    [
      'seconds',
      'writes/s',
      'p50, p99 ms',
      'GET /protected',
      'GET /users',
      'log MiB',
      'database MiB',
      'resident MiB'
    ],
    outcomes.map(({ writesPerSecond, writes, reads, pages, log, database, resident }, interval) => [
      show((interval + 1) * seconds),
      show(writesPerSecond),
      both(writes),
      both(reads),
      both(pages),
      show(log),
      show(database),
      show(resident)
    ])
  )
  return outcomes
}
