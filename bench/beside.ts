import type autocannon from 'autocannon'
import { randomUUID } from 'node:crypto'
import { get, load, type LoadOptions } from './load.ts'
import { type Server, service, start } from './processes.ts'
import type { Stage } from './scenarios.ts'
import { printTable, show, showSpread, spreadOf } from './statistics.ts'
import { as, type Effort } from './throughput.ts'

/** Two ways to ask one server for the same. */
interface Pair {
  title: string
  /** The least ratio of requests a second that will do. */
  goal: number
  own: LoadOptions
  /** What it is compared with. */
  base: LoadOptions
}

/** Loads a server in both ways, in turns, and prints their ratio. */
async function compare(server: Server, { title, goal, own, base }: Pair, { rounds, seconds }: Effort) {
  const once = async () =>
    [await load(server, { ...base, seconds }), await load(server, { ...own, seconds })] as const
  await once()
  const pairs = []
  for (let round = 0; round < rounds; round++) pairs.push(await once())
  const outcome = {
    ratio: spreadOf(pairs.map(([beside, measured]) => measured.rate / beside.rate)),
    requestsPerSecond: spreadOf(pairs.map(([, measured]) => measured.rate)),
    cpuRatio: spreadOf(pairs.map(([beside, measured]) => beside.cpu / measured.cpu))
  }
  printTable(
    ['scenario', 'goal', 'ratio', 'requests/s', 'µs of the other ÷ own'],
    [
      [
        title,
        `≥ ${show(goal)}`,
        showSpread(outcome.ratio),
        show(outcome.requestsPerSecond.median),
        showSpread(outcome.cpuRatio)
      ]
    ]
  )
  return outcome
}

/** An API key of the administrator, who has just signed in. */
async function makeKey({ url }: Server, admin: string): Promise<string> {
  const answer = await fetch(`${url}/me/keys`, {
    method: 'POST',
    headers: { ...as(admin), 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'bench', permissions: ['users:read'] })
  })
  if (answer.status !== 201) throw new Error(`POST /me/keys answered ${answer.status}`)
  return ((await answer.json()) as { key: string }).key
}

/** A request that an API key signs, beside one that an access token does. */
export async function measureKeys({ seeded: { env, admin }, effort }: Stage) {
  const server = await start('service', service, env)
  const key = await makeKey(server, admin)
  const outcome = await compare(
    server,
    {
      title: 'GET /protected, by a key ÷ by a token',
      goal: 0.95,
      own: { requests: [get('/protected', as(key))] },
      base: { requests: [get('/protected', as(admin))] }
    },
    effort
  )
  await server.stop()
  return outcome
}

/** Makes accounts, each of another name; what makes a request safe to repeat is among the headers. */
const making = (token: string, headers: () => Record<string, string>) => (): autocannon.Request[] => [
  {
    method: 'POST',
    path: '/users',
    setupRequest: (request) => ({
      ...request,
      headers: { ...as(token), 'content-type': 'application/json', ...headers() },
      body: JSON.stringify({ username: randomUUID(), password: randomUUID(), role: 'user' })
    })
  }
]

/** An account made by a request that may be sent again, beside one made without an Idempotency-Key. */
export async function measureIdempotency({ seeded: { env, admin }, effort }: Stage) {
  // Passwords are hashed on all cores.
  const server = await start('service', service, env, { spread: true })
  const creating = (headers: () => Record<string, string>) => ({
    accept: [201],
    connections: 4,
    perConnection: making(admin, headers)
  })
  const outcome = await compare(
    server,
    {
      title: 'POST /users, with ÷ without an Idempotency-Key',
      goal: 0.9,
      own: creating(() => ({ 'idempotency-key': randomUUID() })),
      base: creating(() => ({}))
    },
    effort
  )
  await server.stop()
  return outcome
}
