import { get, load, type Load } from './load.ts'
import { service, serviceCluster, start } from './processes.ts'
import { nextPage, type Stage } from './scenarios.ts'
import { printTable, show, showSpread, spreadOf } from './statistics.ts'
import { as, rotating } from './throughput.ts'

/**
 * Requests a second of two processes on one port beside one process, over the same database and on all
 * cores. The load generator takes one of them: with two cores, only what is much work for the server can gain.
 */
export async function measureCluster({ seeded, effort: { rounds, seconds } }: Stage) {
  const one = await start('service-spread', service, seeded.env, { spread: true })
  const two = await start(
    'service-cluster',
    serviceCluster,
    { ...seeded.env, WORKERS: '2' },
    { spread: true }
  )
  const tokens = seeded.sessions.map(({ access }) => access).slice(0, 1_000)
  const loads = {
    'GET /protected': { requests: [get('/protected', as(seeded.admin))] },
    'GET /protected, 1,000 tokens in rotation': { perConnection: rotating('/protected', tokens, 20) },
    'GET /users?limit=100, another page each time': {
      perConnection: () => [{ ...get('/users', as(seeded.admin)), setupRequest: nextPage(100) }]
    }
  }
  const outcomes: Record<string, unknown> = {}
  const rows: string[][] = []
  for (const [title, options] of Object.entries(loads)) {
    const pairs: [Load, Load][] = []
    for (let round = -1; round < rounds; round++) {
      const pair: [Load, Load] = [
        await load(one, { ...options, seconds }),
        await load(two, { ...options, seconds })
      ]
      if (round >= 0) pairs.push(pair)
    }
    const ratio = spreadOf(pairs.map(([single, double]) => double.rate / single.rate))
    const single = spreadOf(pairs.map(([{ rate }]) => rate))
    const double = spreadOf(pairs.map(([, { rate }]) => rate))
    outcomes[title] = { ratio, single, double }
    rows.push([title, showSpread(ratio), show(single.median), show(double.median)])
  }
  await one.stop()
  await two.stop()
  printTable(['scenario', '2 processes ÷ 1', '1 process: requests/s', '2 processes: requests/s'], rows)
  return outcomes
}
