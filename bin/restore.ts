/** `npm run restore -- FILE`: makes a checked backup the database of DATABASE_URL. The service has to be stopped. */
import Sqlite from 'better-sqlite3'
import {
  chmodSync,
  chownSync,
  createReadStream,
  createWriteStream,
  existsSync,
  linkSync,
  renameSync,
  rmSync,
  statSync
} from 'node:fs'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { isBusy } from '../core/database/failures.ts'
import { companions, makeFolder, naming } from '../core/database/file.ts'
import { flush } from './durable.ts'
import { checkDatabase, databaseFile, removeDatabase, runCommand } from './sqlite-file.ts'

const isDamage = (error: unknown) =>
  error instanceof Sqlite.SqliteError && /^SQLITE_(NOTADB|CORRUPT)/.test(error.code)

/** Runs SQL on a connection of its own, which waits for nobody. */
function runAlone(file: string, sql: string, readonly: boolean) {
  naming(file, () => {
    const sqlite = new Sqlite(file, { fileMustExist: true, readonly, timeout: 0 })
    try {
      sqlite.exec(sql)
    } finally {
      sqlite.close()
    }
  })
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

/** What stands beside a database and has to go with it: what SQLite has not brought into it yet. */
const unfinished = ['-wal', '-journal']

/** Gives a database a second name that nothing has yet; answers it. */
function keep(file: string): string {
  const kept = `${file}.before-restore-${new Date().toISOString().replaceAll(':', '-')}`
  linkSync(file, kept)
  for (const suffix of unfinished) if (existsSync(file + suffix)) linkSync(file + suffix, kept + suffix)
  return kept
}

/** Copies a database into files of this user alone, whatever mode and medium it is on. */
async function copyDatabase(from: string, to: string) {
  for (const suffix of ['', ...unfinished])
    if (suffix === '' || existsSync(from + suffix))
      await pipeline(createReadStream(from + suffix), createWriteStream(to + suffix, { mode: 0o600 }))
}

/** Leaves the new file to whom the old one is, or the folder: a service that is not root has to write it. */
function takeOwner(draft: string, file: string) {
  const old = statSync(file, { throwIfNoEntry: false })
  const { uid, gid } = old ?? statSync(dirname(file))
  if (process.getuid?.() === 0) chownSync(draft, uid, gid)
  if (old) chmodSync(draft, old.mode)
}

await runCommand(async () => {
  const [backup, ...rest] = process.argv.slice(2)
  if (backup === undefined || rest.length > 0) throw new Error('Usage: npm run restore -- FILE')
  const file = databaseFile()
  makeFolder(dirname(file))
  const draft = `${file}.restoring`
  removeDatabase(draft)
  try {
    await copyDatabase(backup, draft)
    // Only the copy is opened: SQLite writes beside what it reads, and a backup may be where nobody can.
    await checkDatabase(draft, backup)
    takeOwner(draft, file)
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
