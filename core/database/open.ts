import { Kysely, type LogEvent } from 'kysely'
import { dirname } from 'node:path'
import type { Database } from '../../schemas/database.ts'
import { companions, makeFolder, makePrivately, naming } from './file.ts'
import type { DatabaseObserver } from './observer.ts'
import type { DatabaseOptions } from './options.ts'
import { postgresDialect } from './postgres.ts'
import { openSqlite, type SqliteReader } from './sqlite.ts'
import type { Db } from './database.ts'

/** Whether a DATABASE_URL names a PostgreSQL database; otherwise it is a SQLite file or `:memory:`. */
export const isPostgresUrl = (url: string) => /^postgres(ql)?:/.test(url)

/** The path of the SQLite file that a DATABASE_URL names, or `:memory:`. */
export const sqlitePath = (url: string) => url.replace(/^file:/, '')

/** The files of the database that a DATABASE_URL names, whether they are there or not. */
export const databaseFiles = (url: string): string[] =>
  isPostgresUrl(url) || url === ':memory:' ? [] : ['', ...companions].map((end) => sqlitePath(url) + end)

/** Opens a SQLite file, which is made for nobody but its owner where there is none. */
function openFile(path: string, observer: DatabaseObserver | null) {
  if (path !== ':memory:') {
    makeFolder(dirname(path))
    makePrivately(path)
  }
  return naming(path, () => openSqlite(path, observer))
}

const readers = new WeakMap<Db, SqliteReader>()

/** What reads at once from a database that is a SQLite file; undefined for the others. */
export const readerOf = (db: Db): SqliteReader | undefined => readers.get(db)

/** Opens the database that a DATABASE_URL names: `file:PATH` (made where there is none), `:memory:` or `postgres://…`. */
export function openDatabase(
  url: string,
  { connections = 1, observer = null, longestStatement = 10_000 }: Partial<DatabaseOptions> = {}
): Db {
  const { dialect, reader } = isPostgresUrl(url)
    ? { dialect: postgresDialect(url, { connections, observer, longestStatement }), reader: undefined }
    : openFile(sqlitePath(url), observer)
  const log = observer ? { log: (event: LogEvent) => observer.query(event.queryDurationMillis / 1_000) } : {}
  const db = new Kysely<Database>({ dialect, ...log })
  if (reader) readers.set(db, reader)
  return db
}
