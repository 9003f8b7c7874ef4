import Sqlite from 'better-sqlite3'
import {
  CompiledQuery,
  type DatabaseConnection,
  type LimitNode,
  type SelectModifierNode,
  SqliteDialect,
  SqliteDriver,
  SqliteQueryCompiler
} from 'kysely'
import type { DatabaseObserver } from './observer.ts'

/** How long a statement waits for another process's lock before the caller is told; waiting blocks every request. */
const busyTimeout = 20

/** The product's own SQL is a few hundred texts; a filter's many shapes cannot grow the map past this. */
const keptStatements = 1_000

/** What SQLite keeps of a file, in KiB: by default a writer of a larger table reads most pages again each time. */
const cacheKiB = 32 * 1_024

/** Every transaction here writes: taking the lock first means that it never has to give up half-way. */
class ImmediateDriver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection) {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'))
  }

  /** On a full disk SQLite has rolled back already, and refuses to do so again: the first error is the one to tell. */
  override async rollbackTransaction(connection: DatabaseConnection) {
    await super.rollbackTransaction(connection).catch(() => undefined)
  }
}

class QueryCompiler extends SqliteQueryCompiler {
  /**
   * SQLite looks into a bound LIMIT and plans the query anew for each other value; it does not look into a sum. A page
   * of 20 takes 5 instead of 19 µs when the page before had another size (SQLite 3.54, Node.js 24).
   */
  protected override visitLimit({ limit }: LimitNode) {
    this.append('limit 0 + ')
    this.visitNode(limit)
  }

  /** SQLite has no locks of rows, and whoever writes is alone: FOR UPDATE and its like need not be said. */
  protected override visitSelectModifier(node: SelectModifierNode) {
    if (node.modifier === 'Distinct') super.visitSelectModifier(node)
  }
}

/** Prepares each SQL text once: preparing costs more than most of these queries. */
const keepStatements = (sqlite: Sqlite.Database) => {
  const statements = new Map<string, Sqlite.Statement>()
  return (sql: string) => {
    const kept = statements.get(sql)
    if (kept) return kept
    const statement = sqlite.prepare(sql)
    if (statements.size >= keptStatements) statements.clear()
    statements.set(sql, statement)
    return statement
  }
}

/** Runs one query at once; answers its rows. */
type Read<Row> = (parameters: readonly unknown[]) => Row[]

/**
 * Reads from a SQLite file on a connection of its own: it sees what has been committed, and waits for no transaction
 * of this process. Opened when it is first wanted.
 */
export class SqliteReader {
  readonly #path: string
  readonly #observer: DatabaseObserver | null
  #sqlite: Sqlite.Database | undefined

  constructor(path: string, observer: DatabaseObserver | null) {
    this.#path = path
    this.#observer = observer
  }

  /** Prepares a query, once for many runs. */
  prepare<Row>(sql: string): Read<Row> {
    this.#sqlite ??= new Sqlite(this.#path, { readonly: true, timeout: busyTimeout })
    const statement = this.#sqlite.prepare<unknown[], Row>(sql)
    const observer = this.#observer
    if (!observer) return (parameters) => statement.all(...parameters)
    return (parameters) => {
      const began = performance.now()
      try {
        return statement.all(...parameters)
      } finally {
        observer.query((performance.now() - began) / 1_000)
      }
    }
  }

  close() {
    this.#sqlite?.close()
  }
}

/**
 * Opens a SQLite file, or `:memory:`, for Kysely. Each commit is synced by itself (synchronous=FULL, said on every
 * open: better-sqlite3 falls back to NORMAL for an existing WAL file), until sqlite-log.ts does that for groups of them.
 * A file has a reader besides.
 */
export function openSqlite(path: string, observer: DatabaseObserver | null) {
  const sqlite = new Sqlite(path, { timeout: busyTimeout })
  for (const pragma of [
    'journal_mode=WAL',
    'synchronous=FULL',
    'foreign_keys=ON',
    `cache_size=-${cacheKiB}`
  ]) {
    sqlite.exec(`PRAGMA ${pragma}`)
  }
  const reader = path === ':memory:' ? undefined : new SqliteReader(path, observer)
  const close = () => {
    reader?.close()
    sqlite.close()
  }
  const config = { database: { prepare: keepStatements(sqlite), close } }
  const dialect = new SqliteDialect(config)
  dialect.createDriver = () => new ImmediateDriver(config)
  dialect.createQueryCompiler = () => new QueryCompiler()
  return { dialect, reader }
}
