import { Kysely, type LogEvent } from 'kysely'
import type { Database } from '../../schemas/database.ts'
import type { DatabaseObserver } from '../metrics.ts'
import { postgresDialect } from './postgres.ts'
import { openSqlite, type SqliteReader } from './sqlite.ts'
import type { Db } from './transaction.ts'

/** Whether a DATABASE_URL names a PostgreSQL database; otherwise it is a SQLite file or `:memory:`. */
export const isPostgresUrl = (url: string) => /^postgres(ql)?:/.test(url)

/** The path of the SQLite file that a DATABASE_URL names, or `:memory:`. */
export const sqlitePath = (url: string) => url.replace(/^file:/, '')

const readers = new WeakMap<Db, SqliteReader>()

/** What reads at once from a database that is a SQLite file; undefined for the others. */
export const readerOf = (db: Db): SqliteReader | undefined => readers.get(db)

/** How a database is used. */
export interface DatabaseOptions {
  /** Most connections at once, to PostgreSQL. */
  connections: number
  /** Is told of every query. */
  observer: DatabaseObserver | null
  /** How long PostgreSQL may take for one statement, in milliseconds; 0 is for ever. No query of the service needs it. */
  longestStatement: number
}

/** Opens the database that a DATABASE_URL names: `file:PATH` (made where there is none), `:memory:` or `postgres://…`. */
export function openDatabase(
  url: string,
  { connections = 1, observer = null, longestStatement = 10_000 }: Partial<DatabaseOptions> = {}
): Db {
  const { dialect, reader } = isPostgresUrl(url)
    ? { dialect: postgresDialect(url, { connections, observer, longestStatement }), reader: undefined }
    : openSqlite(sqlitePath(url), observer)
  const log = observer ? { log: (event: LogEvent) => observer.query(event.queryDurationMillis / 1_000) } : {}
  const db = new Kysely<Database>({ dialect, ...log })
  if (reader) readers.set(db, reader)
  return db
}
