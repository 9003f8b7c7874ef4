/** `npm run backup -- FILE`: copies the SQLite database of DATABASE_URL, also while the service writes, and checks the copy. */
import Sqlite from 'better-sqlite3'
import { existsSync, renameSync } from 'node:fs'
import { dirname } from 'node:path'
import { makePrivately, naming } from '../core/database/file.ts'
import { flush } from './durable.ts'
import { checkDatabase, databaseFile, removeDatabase, runCommand } from './sqlite-file.ts'

await runCommand(async () => {
  const [file, ...rest] = process.argv.slice(2)
  if (file === undefined || rest.length > 0) throw new Error('Usage: npm run backup -- FILE')
  if (existsSync(file)) throw new Error(`${file} is there already: a backup overwrites nothing`)
  // Under its name there is never half a backup, nor one that was not checked.
  const draft = `${file}.unchecked`
  removeDatabase(draft)
  const database = databaseFile()
  const source = naming(
    database,
    () => new Sqlite(database, { fileMustExist: true, readonly: true, timeout: 5_000 })
  )
  try {
    makePrivately(draft)
    // One snapshot for all of the copy, which would begin again at each commit of another process.
    source.exec('begin; select 1 from sqlite_schema')
    await source.backup(draft)
    await checkDatabase(draft)
    renameSync(draft, file)
    flush(dirname(file))
  } finally {
    source.close()
    removeDatabase(draft)
  }
  return `${file} is a sound copy of ${database}`
})
