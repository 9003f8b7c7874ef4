import autocannon from 'autocannon'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { program, type Server } from './processes.ts'

const execute = promisify(execFile)

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

/** Sends requests at a steady rate, from a process of its own (pace.ts); answers how long each took, in milliseconds. */
export async function pace(
  { url }: Server,
  path: string,
  headers: Record<string, string>,
  { perSecond, seconds }: { perSecond: number; seconds: number }
): Promise<number[]> {
  const args = [program('pace'), url + path, JSON.stringify(headers), String(perSecond), String(seconds)]
  const { stdout } = await execute(process.execPath, args, { maxBuffer: 2 ** 26 })
  return JSON.parse(stdout) as number[]
}
