/**
 * `node bare-writes.ts FILE SECONDS < TOKENS`: how many transactions a second bare better-sqlite3 makes of the statements
 * of a refresh, each on the disk before the next (synchronous=FULL). The tokens are JSON.
 */
import Sqlite from 'better-sqlite3'
import { readFileSync } from 'node:fs'
import { familyOf, hashOf, newSalt, successorOf } from '../core/sessions/refresh-tokens.ts'

const [file = '', seconds = '1'] = process.argv.slice(2)
const tokens = JSON.parse(readFileSync(0, 'utf8')) as string[]
const sqlite = new Sqlite(file, { timeout: 5_000 })
for (const pragma of ['synchronous=FULL', 'foreign_keys=ON']) sqlite.exec(`PRAGMA ${pragma}`)
const find = sqlite.prepare<[string], { id: string; token_hash: string }>(
  `select sessions.id, token_hash from sessions join users on users.id = user_id where family = ?`
)
const change = sqlite.prepare(
  `update sessions set token_hash = ?, parent_hash = token_hash, prior_salt = salt, salt = ?,
   generation = generation + 1, last_used_at = ?, expires_at = ? where id = ? and token_hash = ?`
)
const exchange = sqlite.transaction((token: string, now: string) => {
  const session = find.get(familyOf(token))
  const salt = newSalt()
  change.run(hashOf(successorOf(token, salt)), salt, now, now, session?.id, session?.token_hash)
})
const began = performance.now()
let done = 0
while (performance.now() - began < Number(seconds) * 1_000) {
  exchange.immediate(tokens[done++ % tokens.length] ?? '', new Date().toISOString())
}
console.log((done / (performance.now() - began)) * 1_000)
sqlite.close()
