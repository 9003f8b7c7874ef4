import type autocannon from 'autocannon'
import { get, load, type Load, type LoadOptions } from './load.ts'
import type { Server } from './processes.ts'
import { printTable, show, showSpread, spreadOf } from './statistics.ts'

/** How long to measure, and how often. */
export interface Effort {
  rounds: number
  seconds: number
  /** How long the mixed load lasts. */
  minutes: number
}

/** A load whose rate is compared with bare Fastify's. */
export interface Scenario {
  /** What it is called in a table. */
  title: string
  /** The least ratio of requests a second that will do; NaN where there is no such goal. */
  goal: number
  server: Server
  options: LoadOptions
  /** Makes requests for the next so many seconds, where they do not hold for ever. */
  requestsFor?: (seconds: number) => Promise<LoadOptions['requests']>
}

/** Requests with these access tokens, dealt out over the connections. */
export const rotating =
  (path: string, tokens: string[], connections: number) =>
  (connection: number): autocannon.Request[] =>
    tokens.filter((_token, index) => index % connections === connection).map((token) => get(path, as(token)))

/** The header that signs a request in. */
export const as = (token: string) => ({ authorization: `Bearer ${token}` })

/** The two loads one after the other, so that the machine's moods meet both. */
async function pair(
  bare: Server,
  { server, options, requestsFor }: Scenario,
  seconds: number
): Promise<[Load, Load]> {
  const first = await load(bare, { requests: [get('/')], seconds })
  const requests = (await requestsFor?.(seconds)) ?? options.requests
  return [first, await load(server, { ...options, requests, seconds })]
}

/** Measures each scenario beside bare Fastify, in turns. */
export async function measure(bare: Server, scenarios: Scenario[], { rounds, seconds }: Effort) {
  const measured = scenarios.map((scenario) => ({ scenario, pairs: [] as [Load, Load][] }))
  for (const { scenario } of measured) await pair(bare, scenario, 2)
  for (let round = 0; round < rounds; round++) {
    for (const { scenario, pairs } of measured) pairs.push(await pair(bare, scenario, seconds))
  }
  return measured.map(({ scenario: { title, goal }, pairs }) => ({
    title,
    goal,
    ratio: spreadOf(pairs.map(([base, own]) => own.rate / base.rate)),
    requestsPerSecond: spreadOf(pairs.map(([, own]) => own.rate)),
    /** Processor time of the server per request, in microseconds. */
    cpu: spreadOf(pairs.map(([, own]) => own.cpu)),
    /** The same of bare Fastify, divided by it: what a busy machine distorts least. */
    cpuRatio: spreadOf(pairs.map(([base, own]) => base.cpu / own.cpu))
  }))
}

/** Prints what was measured, one line a scenario. */
export function printThroughput(outcomes: Awaited<ReturnType<typeof measure>>) {
  printTable(
    ['scenario', 'goal', 'requests/s ÷ bare', 'requests/s', 'server µs a request', 'bare µs ÷ own'],
    outcomes.map(({ title, goal, ratio, requestsPerSecond, cpu, cpuRatio }) => [
      title,
      show(goal),
      showSpread(ratio),
      show(requestsPerSecond.median),
      showSpread(cpu),
      showSpread(cpuRatio)
    ])
  )
}
