/** `npm run restore -- FILE`: makes a checked backup the database of DATABASE_URL. The service has to be stopped. */
import Sqlite from 'better-sqlite3'
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { forever } from '../plugins/db/forever.ts'
import { checkDatabase, databaseFile, runCommand } from './sqlite-file.ts'

/** @throws when another process has the database open */
function requireIdle(file: string) {
  const sqlite = forever(new Sqlite(file, { fileMustExist: true, timeout: 0 }))
  try {
    // Leaving WAL needs the file to itself: SQLite refuses while anybody else has it open.
    sqlite.exec('pragma journal_mode=delete')
  } catch (error) {
    throw new Error(`${file} is in use: stop the service first`, { cause: error })
  } finally {
    sqlite.close()
  }
}

await runCommand(async () => {
  const [backup, ...rest] = process.argv.slice(2)
  if (backup === undefined || rest.length > 0) throw new Error('Usage: npm run restore -- FILE')
  const file = databaseFile()
  await checkDatabase(backup)
  mkdirSync(dirname(file), { recursive: true })
  const draft = `${file}.restoring`
  copyFileSync(backup, draft)
  await checkDatabase(draft)
  let kept = ''
  if (existsSync(file)) {
    requireIdle(file)
    const before = `${file}.before-restore`
    renameSync(file, before)
    kept = `; what was there is ${before}`
  }
  for (const suffix of ['-wal', '-shm']) {
    rmSync(file + suffix, { force: true })
    rmSync(draft + suffix, { force: true })
  }
  renameSync(draft, file)
  return `${file} is restored from ${backup}${kept}`
})
