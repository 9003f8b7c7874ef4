import Sqlite from 'better-sqlite3'
import { rmSync } from 'node:fs'
import { processEnvironment } from '../core/config/env-file.ts'
import { loadConfig } from '../core/config/load.ts'
import { companions, named } from '../core/database/file.ts'
import { pendingMigrations } from '../core/database/migrator.ts'
import { isPostgresUrl, openDatabase, sqlitePath } from '../core/database/open.ts'

/** The file of DATABASE_URL. @throws when it names no file */
export function databaseFile(): string {
  const { DATABASE_URL } = loadConfig({ DATABASE_URL: processEnvironment()['DATABASE_URL'] })
  if (isPostgresUrl(DATABASE_URL)) {
    throw new Error('DATABASE_URL names a PostgreSQL database: use pg_dump and pg_restore')
  }
  const file = sqlitePath(DATABASE_URL)
  if (file === ':memory:') throw new Error('DATABASE_URL names a database in memory')
  return file
}

/** Removes a database, with what is beside it. */
export function removeDatabase(file: string) {
  for (const suffix of ['', ...companions]) rmSync(file + suffix, { force: true })
}

function requireSound(file: string) {
  const sqlite = new Sqlite(file, { fileMustExist: true, readonly: true })
  try {
    const found = sqlite.prepare('pragma integrity_check').pluck().all()
    if (found.join() !== 'ok') throw new Error(`it is damaged: ${found.join('; ')}`)
    const broken = sqlite.prepare('pragma foreign_key_check').all()
    if (broken.length > 0) throw new Error(`it has ${broken.length} rows that refer to nothing`)
  } finally {
    sqlite.close()
  }
}

async function requireMigrated(file: string) {
  const db = openDatabase(`file:${file}`)
  try {
    const pending = await pendingMigrations(db)
    if (pending.length > 0) throw new Error(`it lacks the migrations ${pending.join(', ')}`)
  } finally {
    await db.destroy()
  }
}

/**
 * Checks that a file is a sound database of this service, with every migration that it needs. What SQLite has not
 * brought into it yet, it brings into it. @throws what is wrong, with the name of the file, or of the one that it is a copy of
 */
export async function checkDatabase(file: string, copied = file): Promise<void> {
  try {
    requireSound(file)
    await requireMigrated(file)
  } catch (error) {
    throw named(error, copied)
  }
}

/** Runs a command; prints what it answers, or else its error, which makes the exit code 1. */
export async function runCommand(command: () => Promise<string>) {
  try {
    console.log(await command())
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
    process.exitCode = 1
  }
}
