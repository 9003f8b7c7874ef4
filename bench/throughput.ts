import type autocannon from 'autocannon'
import { get, load, type Load, type LoadOptions } from './load.ts'
import type { Server } from './processes.ts'
import { spreadOf, type Spread } from './statistics.ts'

/** A load whose rate is compared with bare Fastify's. */
export interface Scenario {
  name: string
  /** What it takes in a table. */
  title: string
  /** The least ratio of requests a second that will do. */
  goal: number
  server: Server
  options: LoadOptions
}

/** What a scenario came to, over all rounds. */
export interface Outcome {
  name: string
  title: string
  goal: number
  requestsPerSecond: Spread
  ratio: Spread
  /** Processor time of the server per request, in microseconds, and what of bare Fastify's it leaves. */
  cpuMicroseconds: Spread
  cpuRatio: Spread
}

const bareOptions: LoadOptions = { requests: [get('/')] }

/** The two loads one after the other, so that the machine's moods meet both. */
async function pair(bare: Server, { server, options }: Scenario, seconds: number): Promise<[Load, Load]> {
  const first = await load(bare, { ...bareOptions, seconds })
  return [first, await load(server, { ...options, seconds })]
}

/** Measures each scenario beside bare Fastify, in turns, `rounds` times. */
export async function measure(
  bare: Server,
  scenarios: Scenario[],
  { rounds, seconds }: { rounds: number; seconds: number }
): Promise<Outcome[]> {
  const pairs = new Map<string, [Load, Load][]>(scenarios.map(({ name }) => [name, []]))
  for (const scenario of scenarios) await pair(bare, scenario, 1)
  for (let round = 0; round < rounds; round++) {
    for (const scenario of scenarios) pairs.get(scenario.name)?.push(await pair(bare, scenario, seconds))
  }
  return scenarios.map(({ name, title, goal }) => {
    const measured = pairs.get(name) ?? []
    return {
      name,
      title,
      goal,
      requestsPerSecond: spreadOf(measured.map(([, own]) => own.rate)),
      ratio: spreadOf(measured.map(([base, own]) => own.rate / base.rate)),
      cpuMicroseconds: spreadOf(measured.map(([, own]) => own.cpu)),
      cpuRatio: spreadOf(measured.map(([base, own]) => base.cpu / own.cpu))
    }
  })
}

/** Requests with these access tokens, dealt out over the connections. */
export const rotating =
  (path: string, tokens: string[], connections: number) =>
  (connection: number): autocannon.Request[] =>
    tokens
      .filter((_token, index) => index % connections === connection)
      .map((token) => get(path, { authorization: `Bearer ${token}` }))
