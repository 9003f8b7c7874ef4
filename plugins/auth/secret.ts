import { randomBytes } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Config } from '../config.ts'
import { isPostgresUrl, sqlitePath } from '../db/open.ts'

const read = (file: string) => {
  const secret = readFileSync(file, 'utf8').trim()
  if (Buffer.byteLength(secret) < 32)
    throw new Error(`${file} is damaged: delete it to have a new secret made`)
  return secret
}

/**
 * The secret that signs access tokens: JWT_SECRET, or in development one that is made once and kept beside
 * the database, so that a restart signs nobody out.
 */
export function signingSecret({ JWT_SECRET, DATABASE_URL }: Config): string {
  if (JWT_SECRET !== undefined) return JWT_SECRET
  const made = randomBytes(48).toString('base64url')
  if (DATABASE_URL === ':memory:') return made
  const folder = isPostgresUrl(DATABASE_URL) ? 'data' : dirname(sqlitePath(DATABASE_URL))
  const file = join(folder, 'jwt.secret')
  mkdirSync(folder, { recursive: true })
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, made, { mode: 0o600, flush: true })
  try {
    // Of two processes that start at once, one links its file, whole, and both read the same.
    linkSync(draft, file)
    return made
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return read(file)
    throw error
  } finally {
    rmSync(draft)
  }
}
