import { get, load } from './load.ts'
import type { Server } from './processes.ts'
import { startWithout, type Stage } from './scenarios.ts'
import { printTable, quantile, show } from './statistics.ts'
import { as } from './throughput.ts'

/** The plugins that a request to GET /protected meets. */
const plugins = ['headers', 'overload', 'not-found', 'auth', 'limits', 'rbac', 'cache', 'analytics']

/**
 * What each plugin costs GET /protected, in microseconds of the server's processor time: what is saved by leaving
 * it out. The least of many short measurements counts, as another program's work only ever adds.
 */
export async function measureLadder({ bare, seeded: { env, admin }, effort: { rounds, seconds } }: Stage) {
  const names = ['', ...plugins]
  const variants: [name: string, server: Server][] = []
  for (const name of names) variants.push([name, await startWithout(name, env)])
  const times = new Map<string, number[]>()
  for (let round = -1; round < rounds * 2; round++) {
    for (const [name, server] of [['bare', bare] as const, ...variants]) {
      const requests = [name === 'bare' ? get('/') : get('/protected', as(admin))]
      const { cpu } = await load(server, { requests, seconds: round < 0 ? 2 : seconds / 2 })
      if (round >= 0) times.set(name, [...(times.get(name) ?? []), cpu])
    }
  }
  for (const [, server] of variants) await server.stop()
  const least = (name: string) => quantile(times.get(name) ?? [], 0)
  const whole = least('')
  const ladder = Object.fromEntries(plugins.map((name) => [name, whole - least(name)]))
  printTable(
    ['left out', 'server µs a request', 'so it costs µs'],
    [
      ['nothing', show(whole), ''],
      ...plugins.map((name) => [name, show(least(name)), show(ladder[name] ?? NaN)]),
      ['everything (bare Fastify)', show(least('bare')), show(whole - least('bare'))]
    ]
  )
  return { whole, bare: least('bare'), ladder }
}
