/** `npm run backup -- FILE`: copies the SQLite database of DATABASE_URL, also while the service writes, and checks the copy. */
import Sqlite from 'better-sqlite3'
import { existsSync, renameSync, rmSync } from 'node:fs'
import { forever } from '../plugins/db/forever.ts'
import { checkDatabase, databaseFile, runCommand } from './sqlite-file.ts'

await runCommand(async () => {
  const [file, ...rest] = process.argv.slice(2)
  if (file === undefined || rest.length > 0) throw new Error('Usage: npm run backup -- FILE')
  if (existsSync(file)) throw new Error(`${file} is there already: a backup overwrites nothing`)
  // Under its name there is never half a backup, nor one that was not checked.
  const draft = `${file}.unchecked`
  rmSync(draft, { force: true })
  const source = forever(new Sqlite(databaseFile(), { fileMustExist: true, readonly: true, timeout: 5_000 }))
  try {
    await source.backup(draft)
    await checkDatabase(draft)
    for (const suffix of ['-wal', '-shm']) rmSync(draft + suffix, { force: true })
    renameSync(draft, file)
  } finally {
    source.close()
    for (const suffix of ['', '-wal', '-shm']) rmSync(draft + suffix, { force: true })
  }
  return `${file} is a sound copy of ${databaseFile()}`
})
