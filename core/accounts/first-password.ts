import { randomBytes, randomUUID } from 'node:crypto'
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Config } from '../config/load.ts'
import { makeFolder } from '../database/file.ts'
import { isPostgresUrl, sqlitePath } from '../database/open.ts'

/** A password that nobody guesses: 144 bits, as text. */
export const randomPassword = () => randomBytes(18).toString('base64url')

/** Where the first administrator's password waits to be read: beside the database, or where that is no file, the keys. */
export function firstPasswordFile({ DATABASE_URL, JWT_KEYS }: Config): string {
  const isFile = !isPostgresUrl(DATABASE_URL) && DATABASE_URL !== ':memory:'
  return join(dirname(isFile ? sqlitePath(DATABASE_URL) : JWT_KEYS), 'first-password')
}

/**
 * Puts a password down where its owner alone can read it, before it counts: afterwards nobody could know it. What is
 * answered has it appear under its name, or vanish. @throws when there is no place for it
 */
export function draftFirstPassword(config: Config, password: string) {
  const file = firstPasswordFile(config)
  const draft = `${file}.${randomUUID()}`
  try {
    makeFolder(dirname(file))
    writeFileSync(draft, `${password}\n`, { mode: 0o600, flush: true })
  } catch (cause) {
    const { message } = cause as Error
    throw new Error(`Set ADMIN_PASSWORD: one that is made here cannot be put down for you (${message})`, {
      cause
    })
  }
  return { keep: () => renameSync(draft, file), discard: () => rmSync(draft, { force: true }) }
}

/** The file that still holds the first administrator's password, or undefined. */
export const leftFirstPassword = (config: Config): string | undefined =>
  [firstPasswordFile(config)].find((file) => existsSync(file))
