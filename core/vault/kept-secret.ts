import { randomUUID } from 'node:crypto'
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isPostgresUrl, sqlitePath } from '../database/open.ts'

/** The folder that a database is in: what is made in development is kept there. Undefined for one in memory. */
export function folderBeside(DATABASE_URL: string): string | undefined {
  if (DATABASE_URL === ':memory:') return undefined
  return isPostgresUrl(DATABASE_URL) ? 'data' : dirname(sqlitePath(DATABASE_URL))
}

/** @throws for a file that holds less than 32 bytes */
function read(file: string) {
  const secret = readFileSync(file, 'utf8').trim()
  if (Buffer.byteLength(secret) < 32)
    throw new Error(`${file} is damaged: delete it to have a new secret made`)
  return secret
}

/**
 * A secret that is made once and kept beside the database under this name, readable by its owner alone; beside a database
 * in memory none is kept, and `made` is answered. @throws when the file is damaged or cannot be written
 */
export function keptSecret(DATABASE_URL: string, name: string, made: string): string {
  const folder = folderBeside(DATABASE_URL)
  if (folder === undefined) return made
  const file = join(folder, name)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const draft = `${file}.${randomUUID()}`
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
