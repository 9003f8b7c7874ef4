import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { artefacts, compiled, service, start, stayOffServerCore } from './processes.ts'
import { seed } from './seed.ts'
import { show, showSpread, printTable } from './statistics.ts'
import { measure, rotating, type Scenario } from './throughput.ts'
import { get } from './load.ts'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, seconds: { type: 'string', default: '3' } },
  allowPositionals: true
})
const rounds = Number(values.rounds)
const seconds = Number(values.seconds)

const pinned = stayOffServerCore()
console.log(`Node ${process.version} · ${cpus().length} cores (${cpus()[0]?.model ?? ''}) ${pinned}`)

const { env, admin, sessions } = await seed('accounts', 100_000, 10_000)
const tokens = sessions.map(({ access }) => access)
const bare = await start('bare', [compiled('bench/bare.js')])
const quiet = await start('quiet', service, env)
const logging = await start('logging', service, { ...env, LOG_LEVEL: 'info' })
const as = (token: string) => ({ authorization: `Bearer ${token}` })
const etag = (await fetch(`${quiet.url}/cached-data`)).headers.get('etag') ?? ''

const scenarios: Scenario[] = [
  {
    name: 'health',
    title: 'GET /health/live',
    goal: 0.75,
    server: quiet,
    options: { requests: [get('/health/live')] }
  },
  {
    name: 'protected',
    title: 'GET /protected',
    goal: 0.6,
    server: quiet,
    options: { requests: [get('/protected', as(admin))] }
  },
  {
    name: 'logged',
    title: 'GET /protected, request log on',
    goal: 0.42,
    server: logging,
    options: { requests: [get('/protected', as(admin))] }
  },
  {
    name: 'tokens',
    title: 'GET /protected, 10,000 tokens in rotation',
    goal: 0.45,
    server: quiet,
    options: { perConnection: rotating('/protected', tokens, 20) }
  },
  {
    name: 'cached',
    title: 'GET /cached-data, hit',
    goal: 0.6,
    server: quiet,
    options: { requests: [get('/cached-data')] }
  },
  {
    name: '304',
    title: 'GET /cached-data, 304',
    goal: 0.7,
    server: quiet,
    options: { requests: [get('/cached-data', { 'if-none-match': etag })], accept: [304, 200] }
  },
  {
    name: 'users',
    title: 'GET /users',
    goal: 0.2,
    server: quiet,
    options: { requests: [get('/users?limit=50', as(admin))] }
  }
]
const outcomes = await measure(bare, scenarios, { rounds, seconds })
printTable(
  ['scenario', 'goal', 'requests/s ÷ bare', 'requests/s', 'server µs/request', 'µs: bare ÷ own'],
  outcomes.map((o) => [
    o.title,
    show(o.goal),
    showSpread(o.ratio),
    show(o.requestsPerSecond.median),
    showSpread(o.cpuMicroseconds),
    showSpread(o.cpuRatio)
  ])
)
writeFileSync(`${artefacts}results.json`, JSON.stringify(outcomes, null, 2))
for (const server of [bare, quiet, logging]) await server.stop()
