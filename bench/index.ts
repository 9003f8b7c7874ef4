import { writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { measureIdempotency, measureKeys } from './beside.ts'
import { measureCluster } from './cluster.ts'
import { measureEnumeration } from './enumeration.ts'
import { measureLadder } from './ladder.ts'
import { measureLogins } from './logins.ts'
import { measureMemory } from './memory.ts'
import { measureMixed } from './mixed.ts'
import { measurePostgres } from './postgres.ts'
import { artefacts, program, start, stayOffServerCore } from './processes.ts'
import { type Stage, throughput } from './scenarios.ts'
import { seed } from './seed.ts'
import { measureRefreshes } from './writes.ts'

const parts: Record<string, (stage: Stage) => Promise<unknown>> = {
  ...throughput,
  refresh: measureRefreshes,
  postgres: measurePostgres,
  mixed: measureMixed,
  logins: measureLogins,
  enumeration: measureEnumeration,
  keys: measureKeys,
  idempotency: measureIdempotency,
  cluster: measureCluster,
  memory: measureMemory,
  ladder: measureLadder
}

const { values, positionals } = parseArgs({
  options: {
    rounds: { type: 'string', default: '7' },
    seconds: { type: 'string', default: '3' },
    minutes: { type: 'string', default: '1' }
  },
  allowPositionals: true
})
const effort = {
  rounds: Number(values.rounds),
  seconds: Number(values.seconds),
  minutes: Number(values.minutes)
}
const names = positionals.length > 0 ? positionals : Object.keys(parts)
const unknown = names.filter((name) => !(name in parts))
if (unknown.length > 0 || !(effort.rounds >= 1 && effort.seconds >= 1 && effort.minutes > 0)) {
  console.error(
    `npm run bench -- [${Object.keys(parts).join('] [')}] [--rounds N] [--seconds N] [--minutes N]`
  )
  process.exit(1)
}

const machine = {
  node: process.version,
  cores: cpus().length,
  processor: cpus()[0]?.model ?? 'unknown',
  ownCores: stayOffServerCore()
}
console.log(
  `Node.js ${machine.node}, ${machine.cores} × ${machine.processor}, server and load ${machine.ownCores ? 'on cores of their own' : 'on the same cores'}, ${effort.rounds} rounds of ${effort.seconds} s: median (least–most)`
)
const stage = {
  bare: await start('bare', [program('bare')]),
  seeded: await seed('accounts', 100_000, 10_000),
  effort
}
const results: Record<string, unknown> = {}
for (const name of names) {
  console.log(`\n${name}`)
  results[name] = await parts[name]?.(stage)
  writeFileSync(`${artefacts}results.json`, JSON.stringify({ machine, effort, results }, null, 2))
}
await stage.bare.stop()
console.log(`\nWritten to ${artefacts}results.json`)
