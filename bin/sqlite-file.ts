import Sqlite from 'better-sqlite3'
import { rmSync } from 'node:fs'
import { loadConfig } from '../plugins/config.ts'
import { forever } from '../plugins/db/forever.ts'
import { pendingMigrations } from '../plugins/db/migrator.ts'
import { isPostgresUrl, openDatabase, sqlitePath } from '../plugins/db/open.ts'

/** The file of DATABASE_URL. @throws when it names no file */
export function databaseFile(): string {
  const { DATABASE_URL } = loadConfig({ DATABASE_URL: process.env['DATABASE_URL'] })
  if (isPostgresUrl(DATABASE_URL)) {
    throw new Error('DATABASE_URL names a PostgreSQL database: use pg_dump and pg_restore')
  }
  const file = sqlitePath(DATABASE_URL)
  if (file === ':memory:') throw new Error('DATABASE_URL names a database in memory')
  return file
}

/** What SQLite keeps beside a database: another database under the name would take it for its own. */
export const companions = ['-wal', '-journal', '-shm']

/** Removes a database, with what is beside it. */
export function removeDatabase(file: string) {
  for (const suffix of ['', ...companions]) rmSync(file + suffix, { force: true })
}

/** Checks that a file is a sound database of this service, with every migration that it needs. @throws what is wrong */
export async function checkDatabase(file: string): Promise<void> {
  const sqlite = forever(new Sqlite(file, { fileMustExist: true, readonly: true }))
  try {
    const found = forever(sqlite.prepare('pragma integrity_check')).pluck().all()
    if (found.join() !== 'ok') throw new Error(`${file} is damaged: ${found.join('; ')}`)
    const broken = forever(sqlite.prepare('pragma foreign_key_check')).all()
    if (broken.length > 0) throw new Error(`${file} has ${broken.length} rows that refer to nothing`)
  } finally {
    sqlite.close()
  }
  const db = openDatabase(`file:${file}`)
  try {
    const pending = await pendingMigrations(db)
    if (pending.length > 0) throw new Error(`${file} lacks the migrations ${pending.join(', ')}`)
  } finally {
    await db.destroy()
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
