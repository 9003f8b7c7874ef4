import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { administer, onServer, postgresServer } from '../test/database.ts'
import { load } from './load.ts'
import { service, start } from './processes.ts'
import type { Stage } from './scenarios.ts'
import { fill } from './seed.ts'
import { printTable, show, showSpread, spreadOf } from './statistics.ts'
import { clients, refreshing } from './writes.ts'

const execute = promisify(execFile)

/** What PostgreSQL makes of its own simple update, ten at a time, a second. */
async function pgbench(url: string, seconds: number): Promise<number> {
  const { stdout } = await execute('pgbench', [
    '-N',
    '-M',
    'prepared',
    '-c',
    '10',
    '-T',
    String(seconds),
    url
  ])
  return Number(/^tps = ([\d.]+)/m.exec(stdout)?.[1])
}

/** POST /refresh on the PostgreSQL server of TEST_DATABASE_URL, beside what pgbench makes of that server. */
export async function measurePostgres({ effort: { rounds, seconds } }: Stage) {
  if (postgresServer === undefined) {
    console.log('TEST_DATABASE_URL names no PostgreSQL server to measure.')
    return undefined
  }
  const names = { own: 'gatehouse_bench', bare: 'gatehouse_pgbench' }
  for (const name of Object.values(names)) {
    await administer(postgresServer, `drop database if exists ${name} with (force)`)
    await administer(postgresServer, `create database ${name}`)
  }
  const bareUrl = onServer(postgresServer, names.bare)
  await execute('pgbench', ['-i', '-q', '-s', '10', bareUrl])
  const seeded = await fill(onServer(postgresServer, names.own), 10_000, 5_000)
  const server = await start('service-postgres', service, seeded.env)
  const measured = []
  for (let round = -1; round < rounds; round++) {
    const bare = await pgbench(bareUrl, seconds)
    const own = await load(server, {
      seconds,
      connections: clients,
      perConnection: refreshing(seeded, clients)
    })
    if (round >= 0) measured.push({ bare, own: own.rate })
  }
  await server.stop()
  for (const name of Object.values(names))
    await administer(postgresServer, `drop database ${name} with (force)`)
  const outcome = {
    ratio: spreadOf(measured.map(({ bare, own }) => own / bare)),
    refreshesPerSecond: spreadOf(measured.map(({ own }) => own)),
    transactionsPerSecond: spreadOf(measured.map(({ bare }) => bare))
  }
  printTable(
    [`POST /refresh on PostgreSQL, ${clients} clients`, 'goal', '÷ pgbench', 'refreshes/s', 'pgbench/s'],
    [
      [
        '',
        '≥ 0.35',
        showSpread(outcome.ratio),
        showSpread(outcome.refreshesPerSecond),
        show(outcome.transactionsPerSecond.median)
      ]
    ]
  )
  return outcome
}
