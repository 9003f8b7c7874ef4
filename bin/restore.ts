/** `npm run restore -- FILE`: makes a checked backup the database of DATABASE_URL. The service has to be stopped. */
import './env.ts'
import Sqlite from 'better-sqlite3'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync
} from 'node:fs'
import { dirname } from 'node:path'
import { isBusy } from '../plugins/db/failures.ts'
import { forever } from '../plugins/db/forever.ts'
import { flush } from './durable.ts'
import { checkDatabase, companions, databaseFile, removeDatabase, runCommand } from './sqlite-file.ts'

const isDamage = (error: unknown) =>
  error instanceof Sqlite.SqliteError && /^SQLITE_(NOTADB|CORRUPT)/.test(error.code)

/** Runs SQL on a connection of its own, which waits for nobody. */
function runAlone(file: string, sql: string, readonly: boolean) {
  const sqlite = forever(new Sqlite(file, { fileMustExist: true, readonly, timeout: 0 }))
  try {
    sqlite.exec(sql)
  } finally {
    sqlite.close()
  }
}

/** Empties the WAL of a sound database into it. @throws when another process has it open */
function requireIdle(file: string) {
  try {
    // Read-only at first: a connection that may write deletes the WAL of a damaged database when it closes.
    runAlone(file, 'select 1 from sqlite_schema', true)
    // Leaving WAL needs the file to itself: SQLite refuses while anybody else has it open.
    runAlone(file, 'pragma journal_mode=delete', false)
  } catch (error) {
    if (isBusy(error)) throw new Error(`${file} is in use: stop the service first`, { cause: error })
    if (!isDamage(error)) throw error
  }
}

/** Gives a database, with what SQLite has not brought into it yet, a second name that nothing has yet; answers it. */
function keep(file: string): string {
  const kept = `${file}.before-restore-${new Date().toISOString().replaceAll(':', '-')}`
  linkSync(file, kept)
  for (const suffix of ['-wal', '-journal'])
    if (existsSync(file + suffix)) linkSync(file + suffix, kept + suffix)
  return kept
}

/** Leaves the new file to whom the old one is, or the folder: a service that is not root has to write it. */
function takeOwner(draft: string, file: string) {
  const old = statSync(file, { throwIfNoEntry: false })
  const { uid, gid } = old ?? statSync(dirname(file))
  chownSync(draft, uid, gid)
  if (old) chmodSync(draft, old.mode)
}

await runCommand(async () => {
  const [backup, ...rest] = process.argv.slice(2)
  if (backup === undefined || rest.length > 0) throw new Error('Usage: npm run restore -- FILE')
  const file = databaseFile()
  await checkDatabase(backup)
  mkdirSync(dirname(file), { recursive: true })
  const draft = `${file}.restoring`
  removeDatabase(draft)
  try {
    copyFileSync(backup, draft)
    await checkDatabase(draft)
    if (process.getuid?.() === 0) takeOwner(draft, file)
    flush(draft)
    let kept = ''
    if (existsSync(file)) {
      requireIdle(file)
      kept = `; what was there is ${keep(file)}`
    }
    for (const suffix of companions) rmSync(file + suffix, { force: true })
    // At every instant there is a whole database under the name: the old one, and then the new.
    renameSync(draft, file)
    flush(dirname(file))
    return `${file} is restored from ${backup}${kept}`
  } finally {
    removeDatabase(draft)
  }
})
