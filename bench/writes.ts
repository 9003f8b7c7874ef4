import type autocannon from 'autocannon'
import Sqlite from 'better-sqlite3'
import { createHash, randomBytes } from 'node:crypto'
import { load } from './load.ts'
import { service, start } from './processes.ts'
import type { Stage } from './scenarios.ts'
import { printTable, showSpread, spreadOf } from './statistics.ts'

const hash = (token: string) => createHash('sha256').update(token).digest('base64url')

/** Transactions a second of bare better-sqlite3 with the statements of a refresh, each on the disk before the next. */
function bareRate(url: string, tokens: string[], seconds: number): number {
  const sqlite = new Sqlite(url.replace(/^file:/, ''), { timeout: 5_000 })
  for (const pragma of ['synchronous=FULL', 'foreign_keys=ON']) sqlite.exec(`PRAGMA ${pragma}`)
  const find = sqlite.prepare<[string], { session_id: string }>(
    `select session_id from refresh_tokens join sessions on sessions.id = session_id
     join users on users.id = user_id where token_hash = ?`
  )
  const spend = sqlite.prepare('update refresh_tokens set spent_at = ? where token_hash = ?')
  const keep = sqlite.prepare(
    'insert into refresh_tokens (token_hash, session_id, created_at) values (?, ?, ?)'
  )
  const touch = sqlite.prepare('update sessions set last_used_at = ? where id = ?')
  const exchange = sqlite.transaction((token: string, now: string) => {
    const session = find.get(hash(token))?.session_id
    spend.run(now, hash(token))
    keep.run(hash(randomBytes(32).toString('base64url')), session, now)
    touch.run(now, session)
  })
  const began = performance.now()
  let done = 0
  while (performance.now() - began < seconds * 1_000) {
    exchange.immediate(tokens[done++ % tokens.length] ?? '', new Date().toISOString())
  }
  const rate = (done / (performance.now() - began)) * 1_000
  sqlite.close()
  return rate
}

/** Exchanges the refresh token of one session for the next, over and over. */
function chain(first: string): autocannon.Request[] {
  let refresh_token = first
  return [
    {
      method: 'POST',
      path: '/refresh',
      headers: { 'content-type': 'application/json' },
      setupRequest: (request) => ({ ...request, body: JSON.stringify({ refresh_token }) }),
      onResponse: (_status, body) => {
        refresh_token = (JSON.parse(body) as { refresh_token: string }).refresh_token
      }
    }
  ]
}

/** POST /refresh, durable, beside the rate at which this machine can commit the same writes. */
export async function measureRefreshes({ seeded: { env, sessions }, effort: { rounds, seconds } }: Stage) {
  const server = await start('service', service, env)
  const tokens = sessions.map(({ refresh }) => refresh)
  // Each load goes on with sessions of its own; what is left is for the bare rate.
  const connections = 20
  const bare: number[] = []
  const own: number[] = []
  for (let round = -1; round < rounds; round++) {
    const starts = tokens.splice(0, connections)
    const base = bareRate(env['DATABASE_URL'] ?? '', tokens.slice(-2_000), seconds)
    const { rate } = await load(server, {
      seconds,
      connections,
      perConnection: (connection) => chain(starts[connection] ?? '')
    })
    if (round < 0) continue
    bare.push(base)
    own.push(rate)
  }
  await server.stop()
  const outcome = {
    goal: 0.5,
    refreshesPerSecond: spreadOf(own),
    bareTransactionsPerSecond: spreadOf(bare),
    ratio: spreadOf(own.map((rate, round) => rate / (bare[round] ?? NaN)))
  }
  printTable(
    ['scenario', 'goal', '÷ bare transactions/s', 'refreshes/s', 'bare transactions/s'],
    [
      [
        'POST /refresh, each a new token',
        '0.50',
        showSpread(outcome.ratio),
        showSpread(outcome.refreshesPerSecond),
        showSpread(outcome.bareTransactionsPerSecond)
      ]
    ]
  )
  return outcome
}
