import type autocannon from 'autocannon'
import { setTimeout } from 'node:timers/promises'
import { makeCursor } from '../core/paging/cursor.ts'
import { get, load } from './load.ts'
import { program, type Server, service, start } from './processes.ts'
import { seed, type Seeded } from './seed.ts'
import { as, type Effort, measure, printThroughput, rotating, type Scenario } from './throughput.ts'

/** The service from its source, with one plugin left out. */
export const startWithout = (plugin: string, env: Record<string, string>) =>
  start(`without-${plugin}`, [program('variant')], { ...env, WITHOUT: plugin })

/** What is measured with, made once for all scenarios. */
export interface Stage {
  bare: Server
  seeded: Seeded
  effort: Effort
}

async function run({ bare, effort }: Stage, servers: Server[], scenarios: Scenario[]) {
  const outcomes = await measure(bare, scenarios, effort)
  printThroughput(outcomes)
  for (const server of servers) await server.stop()
  return outcomes
}

type Row = [title: string, goal: number, options: Scenario['options']]

/** Loads of the service as it ships, with the request log off. */
async function quietly(stage: Stage, rows: (server: Server) => Row[] | Promise<Row[]>) {
  const server = await start('service', service, stage.seeded.env)
  const scenarios = (await rows(server)).map(([title, goal, options]) => ({ title, goal, server, options }))
  return run(stage, [server], scenarios)
}

const users = (token: string, after = 0) => ({
  requests: [get(`/users?limit=50${after > 0 ? `&cursor=${makeCursor(after)}` : ''}`, as(token))]
})

let pages = 0

/** A page of 100,000 accounts that nobody has asked for of late: it is read from the database. */
export const nextPage = (limit: number) => (request: autocannon.Request) => ({
  ...request,
  path: `/users?limit=${limit}&cursor=${makeCursor(1 + (pages++ % 99_000))}`
})

/** The entity tag of /cached-data, when its answer is kept for so many seconds more; waits for one that is. */
async function lastingTag({ url }: Pick<Server, 'url'>, seconds: number): Promise<string> {
  const { headers } = await fetch(`${url}/cached-data`)
  const left = Number(/ttl=(\d+)/.exec(headers.get('cache-status') ?? '')?.[1] ?? 60)
  if (left >= seconds) return headers.get('etag') ?? ''
  await setTimeout(left * 1_000 + 500)
  return lastingTag({ url }, seconds)
}

/** Measures one part of the first table, by name. */
export const throughput: Record<string, (stage: Stage) => Promise<unknown>> = {
  fields: (stage) =>
    run(
      stage,
      [],
      [
        {
          title: 'bare Fastify with sixteen header fields',
          goal: NaN,
          server: stage.bare,
          options: { requests: [get('/fields')] }
        }
      ]
    ),

  health: (stage) => quietly(stage, () => [['GET /health/live', 0.75, { requests: [get('/health/live')] }]]),

  protected: (stage) =>
    quietly(stage, () => [
      ['GET /protected', 0.62, { requests: [get('/protected', as(stage.seeded.admin))] }]
    ]),

  logged: async (stage) => {
    const server = await start('service-logging', service, { ...stage.seeded.env, LOG_LEVEL: 'info' })
    const options = { requests: [get('/protected', as(stage.seeded.admin))] }
    return run(stage, [server], [{ title: 'GET /protected, request log on', goal: 0.45, server, options }])
  },

  tokens: (stage) =>
    quietly(stage, async (server) => {
      const tokens = stage.seeded.sessions.map(({ access }) => access)
      const options = { connections: 20, perConnection: rotating('/protected', tokens, 20) }
      // The first sight of a token costs its verification; what is measured are those that are in use.
      await load(server, { ...options, amount: 2 * tokens.length })
      return [['GET /protected, 10,000 tokens in rotation', 0.5, options]]
    }),

  cached: async (stage) => {
    const server = await start('service', service, stage.seeded.env)
    return run(
      stage,
      [server],
      [
        { title: 'GET /cached-data, hit', goal: 0.6, server, options: { requests: [get('/cached-data')] } },
        {
          title: 'GET /cached-data, 304',
          goal: 0.7,
          server,
          options: { accept: [304] },
          requestsFor: async (seconds) => [
            get('/cached-data', { 'if-none-match': await lastingTag(server, seconds + 2) })
          ]
        }
      ]
    )
  },

  users: async (stage) => {
    const { env, admin } = stage.seeded
    const uncached = await startWithout('cache', env)
    const whole = await start('service', service, env)
    const title = 'GET /users?limit=50 of 100,000'
    return run(
      stage,
      [uncached, whole],
      [
        { title: `${title}, first page`, goal: 0.2, server: uncached, options: users(admin) },
        { title: `${title}, last page`, goal: 0.2, server: uncached, options: users(admin, 99_950) },
        {
          title: `${title}, each a miss of the cache`,
          goal: NaN,
          server: whole,
          options: { perConnection: () => [{ ...get('/users', as(admin)), setupRequest: nextPage(50) }] }
        }
      ]
    )
  },

  sizes: async (stage) => {
    const scenarios: Scenario[] = []
    for (const accounts of [1_000, 1_000_000]) {
      const { env, admin } = await seed(`accounts-${accounts}`, accounts, 1)
      const server = await startWithout('cache', env)
      const title = `GET /users?limit=50 of ${accounts.toLocaleString('en')}`
      scenarios.push(
        { title: `${title}, first page`, goal: NaN, server, options: users(admin) },
        { title: `${title}, last page`, goal: NaN, server, options: users(admin, accounts - 50) }
      )
    }
    return run(stage, [...new Set(scenarios.map(({ server }) => server))], scenarios)
  }
}
