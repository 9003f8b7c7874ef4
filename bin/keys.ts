/** The keys of access tokens, for JWT_ALGORITHM in JWT_KEYS: `npm run keys` lists them, `-- make | rotate | prune` changes them; `-- data | reseal` those of data at rest. */
import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { linkSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { kidFrom, readKeys, signingKey } from '../core/tokens/keys.ts'
import { openDatabase } from '../core/database/open.ts'
import { reseal, sealedColumns } from '../core/vault/reseal.ts'
import { dataKeys, makeSeal } from '../core/vault/vault.ts'
import { processEnvironment } from '../core/config/env-file.ts'
import { loadConfig } from '../core/config/load.ts'
import { makeFolder } from '../core/database/file.ts'
import { flush } from './durable.ts'

const usage = `Usage: npm run keys [-- make | rotate [--in MINUTES] | prune | data | reseal]

  make               makes the first key (JWT_ALGORITHM=HS256: prints a secret)
  rotate             makes the next key. Restart the servers: they sign with it, and verify what the others signed
  rotate --in 10     ... from ten minutes on: time to restart every instance, so that all know it before one signs
  prune              deletes the keys whose tokens have all expired

  data               prints a new DATA_KEY; the one before goes into DATA_PREVIOUS_KEYS
  reseal             encrypts with DATA_KEY what another key has encrypted; then DATA_PREVIOUS_KEYS may go`

const dataAdvice =
  'When you replace a key, put the old one into DATA_PREVIOUS_KEYS, restart every instance, run npm run keys -- reseal, and take it out again.'

const env = processEnvironment()
const { JWT_ALGORITHM, JWT_KEYS, ACCESS_TOKEN_TTL } = loadConfig({
  JWT_ALGORITHM: env['JWT_ALGORITHM'],
  JWT_KEYS: env['JWT_KEYS'],
  ACCESS_TOKEN_TTL: env['ACCESS_TOKEN_TTL']
})
const fileOf = (kid: string) => join(JWT_KEYS, `${kid}.pem`)

const ours = () => readKeys(JWT_KEYS).filter(({ algorithm }) => algorithm === JWT_ALGORITHM)

const newKey = {
  EdDSA: () => generateKeyPairSync('ed25519').privateKey,
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 3_072 }).privateKey
}

function add(minutes: number): string {
  if (JWT_ALGORITHM === 'HS256') {
    return `JWT_SECRET=${randomBytes(48).toString('base64url')}\nWhen you replace a secret, put the old one into JWT_PREVIOUS_SECRETS for as long as ACCESS_TOKEN_TTL.`
  }
  const file = fileOf(kidFrom(new Date(Date.now() + minutes * 60_000)))
  makeFolder(JWT_KEYS)
  const pem = newKey[JWT_ALGORITHM]().export({ type: 'pkcs8', format: 'pem' })
  // Half a key under its name would stop every start; linked, it is there whole or not at all, and overwrites none.
  const draft = `${file}.${process.pid}`
  try {
    writeFileSync(draft, pem, { mode: 0o600, flush: true })
    linkSync(draft, file)
  } finally {
    rmSync(draft, { force: true })
  }
  flush(JWT_KEYS)
  return `made ${file} (${JWT_ALGORITHM}); it signs ${minutes > 0 ? `in ${minutes} minutes` : 'from the next start on'}`
}

function list(): string {
  const [first, ...others] = ours()
  if (!first) return `${JWT_KEYS} holds no key for JWT_ALGORITHM=${JWT_ALGORITHM}`
  const signing = signingKey([first, ...others])
  return [first, ...others]
    .map((key) => `${key.kid}  ${key.algorithm}  ${key.kid === signing.kid ? 'signs' : 'verifies'}`)
    .join('\n')
}

/** A key is of no more use when its successor has signed for as long as a token lives. */
function prune(): string {
  const outlived = ours().filter((_, index, keys) => {
    const successor = keys[index + 1]
    return successor !== undefined && successor.from + ACCESS_TOKEN_TTL < Date.now()
  })
  for (const { kid } of outlived) rmSync(fileOf(kid))
  return outlived.length > 0 ? `deleted ${outlived.map(({ kid }) => kid).join(', ')}` : 'nothing to delete'
}

/** Encrypts everything with the key that is current. */
async function resealAll(): Promise<string> {
  const config = loadConfig(env)
  const db = openDatabase(config.DATABASE_URL)
  try {
    let count = 0
    for (const column of sealedColumns)
      count += await reseal(db, column, makeSeal(dataKeys(config), column.purpose))
    return `${count} values encrypted anew`
  } finally {
    await db.destroy()
  }
}

function run(): string | Promise<string> {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { in: { type: 'string' } } })
  const [command = 'list', ...rest] = positionals
  const minutes = Number(values.in ?? 0)
  if (rest.length > 0 || !(minutes >= 0)) throw new Error(usage)
  if (command === 'make') {
    if (ours().length > 0) throw new Error('There is a key already; rotate makes the next one.')
    return add(0)
  }
  if (command === 'rotate') return add(minutes)
  if (command === 'prune') return prune()
  if (command === 'data') return `DATA_KEY=${randomBytes(32).toString('base64')}\n${dataAdvice}`
  if (command === 'reseal') return resealAll()
  if (command !== 'list') throw new Error(usage)
  return list()
}

try {
  console.log(await run())
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
