import {
  CompiledQuery,
  type DatabaseConnection,
  PostgresDialect,
  PostgresDriver,
  type TransactionSettings
} from 'kysely'
import type pg from 'pg'
import type { DatabaseOptions } from './options.ts'
import { lockPatience, openPool, withoutLimits } from './postgres-pool.ts'
import { namingStatements } from './postgres-statements.ts'

class Driver extends PostgresDriver {
  readonly #pool: pg.Pool
  readonly #limits: string

  constructor(pool: pg.Pool, longestStatement: number) {
    super({ pool: namingStatements(pool) })
    this.#pool = pool
    const limits = {
      lock_timeout: lockPatience,
      statement_timeout: longestStatement,
      idle_in_transaction_session_timeout: longestStatement
    }
    this.#limits = Object.entries(limits)
      .map(([name, milliseconds]) => `; set local ${name} = ${milliseconds}`)
      .join('')
  }

  override acquireConnection() {
    return withoutLimits(this.#pool, () => super.acquireConnection())
  }

  /** Begins a transaction with its limits, in one message: they end with it, whoever has the connection next. */
  override async beginTransaction(
    connection: DatabaseConnection,
    { isolationLevel = 'read committed' }: TransactionSettings
  ) {
    const begin = `begin isolation level ${isolationLevel}${this.#limits}`
    await connection.executeQuery(CompiledQuery.raw(begin))
  }

  /** A connection that broke cannot roll back, and need not: the server does. The first error is the one to tell. */
  override async rollbackTransaction(...connection: Parameters<PostgresDriver['rollbackTransaction']>) {
    await super.rollbackTransaction(...connection).catch(() => undefined)
  }
}

/** Opens a PostgreSQL database for Kysely, through a pool. */
export function postgresDialect(url: string, options: DatabaseOptions): PostgresDialect {
  const pool = openPool(url, options)
  const dialect = new PostgresDialect({ pool })
  dialect.createDriver = () => new Driver(pool, options.longestStatement)
  return dialect
}
