import type autocannon from 'autocannon'
import { compileShim } from '../test/shim.ts'
import { load, pace } from './load.ts'
import { artefacts, program, runBeside, service, start } from './processes.ts'
import type { Stage } from './scenarios.ts'
import type { Seeded } from './seed.ts'
import { printTable, quantile, show, showSpread, spreadOf } from './statistics.ts'
import { as } from './throughput.ts'

/** How many clients refresh at once. */
export const clients = 64

/** The last sessions are those of the bare transactions, which tell nobody what they have made. */
const bareSessions = 2_000

const exchanging = (session: Seeded['sessions'][number]): autocannon.Request => ({
  method: 'POST',
  path: '/refresh',
  headers: { 'content-type': 'application/json' },
  setupRequest: (request) => ({ ...request, body: JSON.stringify({ refresh_token: session.refresh }) }),
  onResponse: (_status, body) => {
    session.refresh = (JSON.parse(body) as { refresh_token: string }).refresh_token
  }
})

/** Lets each of so many clients exchange refresh tokens of its own in turn, each for the next one, which is kept. */
export function refreshing({ sessions }: Seeded, of: number) {
  const chains = sessions.slice(0, -bareSessions)
  return (client: number) => chains.filter((_, index) => index % of === client).map(exchanging)
}

/** A disk to measure with. */
interface Disk {
  name: string
  /** The least ratio of refreshes to bare transactions. */
  goal: number
  /** What makes a process meet it. */
  env: Record<string, string>
}

function disks(): Disk[] {
  const shim = compileShim(new URL('slow-disk.c', import.meta.url), artefacts)
  const slow = (time: number): Disk => ({
    name: `a sync of ${time / 1_000} ms`,
    goal: time > 0 ? 4 : NaN,
    env: { LD_PRELOAD: shim ?? '', SYNC_MICROSECONDS: String(time) }
  })
  const own = { name: 'the disk as it is', goal: 0.8, env: {} }
  return shim === undefined ? [own] : [own, slow(0), slow(2_000)]
}

/**
 * POST /refresh, answered when it is on the disk, beside the rate at which bare better-sqlite3 makes the same
 * transactions, and how long GET /protected takes meanwhile.
 */
export async function measureRefreshes({ seeded, effort: { rounds, seconds } }: Stage) {
  const file = seeded.env['DATABASE_URL']?.replace(/^file:/, '') ?? ''
  const others = JSON.stringify(seeded.sessions.slice(-bareSessions).map(({ refresh }) => refresh))
  const outcomes: Record<string, unknown> = {}
  const rates: string[][] = []
  const waits: string[][] = []
  for (const { name, goal, env } of disks()) {
    const server = await start('service-refresh', service, { ...seeded.env, ...env })
    const watch = () => pace(server, '/protected', as(seeded.admin), { perSecond: 500, seconds })
    const refresh = (longer = 0) =>
      load(server, {
        seconds: seconds + longer,
        connections: clients,
        perConnection: refreshing(seeded, clients)
      })
    const measured = []
    for (let round = -1; round < rounds; round++) {
      const bare = Number(await runBeside([program('bare-writes'), file, String(seconds)], env, others))
      const own = await refresh()
      const idle = await watch()
      const [busy] = await Promise.all([watch(), refresh(1)])
      if (round >= 0) measured.push({ bare, own, idle: quantile(idle, 0.99), busy: quantile(busy, 0.99) })
    }
    await server.stop()
    const outcome = {
      ratio: spreadOf(measured.map(({ bare, own }) => own.rate / bare)),
      refreshesPerSecond: spreadOf(measured.map(({ own }) => own.rate)),
      bareTransactionsPerSecond: spreadOf(measured.map(({ bare }) => bare)),
      p50: spreadOf(measured.map(({ own }) => quantile(own.latencies, 0.5))),
      p99: spreadOf(measured.map(({ own }) => quantile(own.latencies, 0.99))),
      idleP99: spreadOf(measured.map(({ idle }) => idle)),
      busyP99: spreadOf(measured.map(({ busy }) => busy)),
      p99Ratio: spreadOf(measured.map(({ idle, busy }) => busy / idle))
    }
    outcomes[name] = { goal, ...outcome }
    rates.push([
      name,
      show(goal),
      showSpread(outcome.ratio),
      showSpread(outcome.refreshesPerSecond),
      show(outcome.bareTransactionsPerSecond.median),
      `${show(outcome.p50.median)}, ${show(outcome.p99.median)}`
    ])
    waits.push([
      name,
      '≤ 5.00',
      showSpread(outcome.p99Ratio),
      showSpread(outcome.busyP99),
      show(outcome.idleP99.median)
    ])
  }
  printTable(
    [
      `POST /refresh, ${clients} clients`,
      'goal',
      '÷ bare transactions/s',
      'refreshes/s',
      'bare/s',
      'p50, p99 ms'
    ],
    rates
  )
  printTable(['GET /protected meanwhile', 'goal', 'p99 ÷ idle', 'p99 ms', 'idle'], waits)
  return outcomes
}
