import autocannon from 'autocannon'
import { setTimeout } from 'node:timers/promises'
import type { Server } from './processes.ts'

/** What a load came to. */
export interface Load {
  /** Answers a second. */
  rate: number
  /** Processor time of the server per answer, in microseconds. */
  cpu: number
  /** How long the answers took, in milliseconds. */
  latencies: number[]
}

export interface LoadOptions extends Pick<autocannon.Options, 'connections' | 'amount' | 'requests'> {
  seconds?: number
  /** The requests of each connection, which it sends in turn. */
  perConnection?: (index: number) => autocannon.Request[]
  /** Statuses that are a success. */
  accept?: number[]
}

/**
 * Loads one server and answers what came of it.
 * @throws when a single answer had another status: a refusal is cheap, and would look fast.
 */
export async function load(
  server: Server,
  { seconds = 3, perConnection, accept = [200], connections = 20, ...options }: LoadOptions
): Promise<Load> {
  let connection = 0
  const latencies: number[] = []
  const cpuBefore = server.cpu()
  const result = await new Promise<autocannon.Result>((resolve, reject) => {
    const instance = autocannon(
      {
        url: server.url,
        duration: seconds,
        connections,
        ...options,
        ...(perConnection && { setupClient: (client) => client.setRequests(perConnection(connection++)) })
      },
      (error: unknown, done) =>
        error ? reject(error instanceof Error ? error : new Error('load failed')) : resolve(done)
    )
    instance.on('response', (_client, _status, _bytes, milliseconds) => latencies.push(milliseconds))
  })
  const cpu = server.cpu() - cpuBefore
  const counts = Object.entries(result.statusCodeStats ?? {})
  const wrong = counts.filter(([status]) => !accept.includes(Number(status)))
  if (wrong.length > 0 || result.errors > 0)
    throw new Error(`${server.name} answered ${JSON.stringify(counts)}, ${result.errors} errors`)
  return {
    rate: (latencies.length / (result.finish.getTime() - result.start.getTime())) * 1_000,
    cpu: cpu / latencies.length,
    latencies
  }
}

/** A request of a load. */
export const get = (path: string, headers: Record<string, string> = {}): autocannon.Request => ({
  method: 'GET',
  path,
  headers
})

/**
 * Sends requests at a steady rate, whether the ones before have been answered or not. Answers how long each took, in
 * milliseconds from when it was due: one that could not be sent in time has waited too.
 */
export async function pace(
  { url }: Server,
  path: string,
  headers: Record<string, string>,
  { perSecond, seconds }: { perSecond: number; seconds: number }
): Promise<number[]> {
  const ask = async (due: number) => {
    const answer = await fetch(url + path, { headers })
    await answer.text()
    if (answer.status !== 200) throw new Error(`${path} answered ${answer.status}`)
    return performance.now() - due
  }
  const asked: Promise<number>[] = []
  const began = performance.now()
  for (let number = 0; number < perSecond * seconds; number++) {
    const due = began + (number * 1_000) / perSecond
    const early = due - performance.now()
    if (early > 0) await setTimeout(early)
    asked.push(ask(due))
  }
  return Promise.all(asked)
}
