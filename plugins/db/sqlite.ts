import Sqlite from 'better-sqlite3'
import {
  CompiledQuery,
  type DatabaseConnection,
  type LimitNode,
  SqliteAdapter,
  SqliteDialect,
  SqliteDriver,
  SqliteQueryCompiler,
  ValueNode
} from 'kysely'
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { forever } from './forever.ts'

/** How long a statement waits for another process's lock before the caller is told; waiting blocks every request. */
const busyTimeout = 20

/** The product's own SQL is a few hundred texts; a filter's many shapes cannot grow the map past this. */
const keptStatements = 1_000

/** SQLite can undo DDL, so a migration and its record commit as one. */
class TransactionalDdlAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl() {
    return true
  }
}

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

/** Writes a LIMIT into the text: SQLite would plan a query with a bound one anew each time that it runs. */
class LimitWriter extends SqliteQueryCompiler {
  protected override visitLimit(node: LimitNode) {
    if (ValueNode.is(node.limit) && Number.isSafeInteger(node.limit.value)) {
      this.append(`limit ${String(node.limit.value)}`)
    } else super.visitLimit(node)
  }
}

/** Prepares each SQL text once: preparing costs more than most of these queries. */
const keepStatements = (sqlite: Sqlite.Database) => {
  const statements = forever(new Map<string, Sqlite.Statement>())
  return (sql: string) => {
    const kept = statements.get(sql)
    if (kept) return kept
    const statement = sqlite.prepare(sql)
    if (statements.size >= keptStatements) statements.clear()
    statements.set(sql, statement)
    return statement
  }
}

/**
 * Opens a SQLite file, or `:memory:`, for Kysely. A commit has reached the disk when it is acknowledged
 * (synchronous=FULL, said on every open: better-sqlite3 falls back to NORMAL for an existing WAL file).
 */
export function sqliteDialect(path: string): SqliteDialect {
  if (path !== ':memory:') mkdirSync(dirname(path), { recursive: true })
  const sqlite = forever(new Sqlite(path, { timeout: busyTimeout }))
  for (const pragma of ['journal_mode=WAL', 'synchronous=FULL', 'foreign_keys=ON']) {
    sqlite.exec(`PRAGMA ${pragma}`)
  }
  const config = { database: { prepare: keepStatements(sqlite), close: () => void sqlite.close() } }
  const dialect = new SqliteDialect(config)
  dialect.createDriver = () => new ImmediateDriver(config)
  dialect.createQueryCompiler = () => new LimitWriter()
  dialect.createAdapter = () => new TransactionalDdlAdapter()
  return dialect
}
