import { type DatabaseConnection, PostgresDialect, PostgresDriver } from 'kysely'
import { Socket } from 'node:net'
import pg from 'pg'
import type { DatabaseOptions } from './open.ts'

/** How long a call waits for a connection, and a statement for another transaction's lock, in milliseconds. */
const patience = 5_000

const { TIMESTAMPTZ, INT8 } = pg.types.builtins

/**
 * What differs from SQLite in values, for this pool alone: an instant is the RFC 3339 text with milliseconds
 * that the service writes, a count is a number.
 */
const types = new pg.TypeOverrides()
const parseInstant = pg.types.getTypeParser(TIMESTAMPTZ) as (text: string) => Date
types.setTypeParser(TIMESTAMPTZ, (text: string) => parseInstant(text).toISOString())
types.setTypeParser(INT8, Number)

/** A connection that broke cannot roll back, and need not: the server does. The first error is the one to tell. */
class Driver extends PostgresDriver {
  override async rollbackTransaction(connection: DatabaseConnection) {
    await super.rollbackTransaction(connection).catch(() => undefined)
  }
}

/**
 * A connection that is cut when nothing has come for so long: the server, or the way to it, is gone. Then the pool
 * makes another; one that only stopped waiting for its answer would be used again.
 */
function impatientSocket(milliseconds: number): Socket {
  const socket = new Socket()
  return socket.setTimeout(milliseconds, () => socket.destroy(new Error('Connection terminated: no answer')))
}

/** Opens a PostgreSQL database for Kysely, through a pool. */
export function postgresDialect(
  url: string,
  { connections, observer, longestStatement }: DatabaseOptions
): PostgresDialect {
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    types,
    application_name: 'gatehouse',
    connectionTimeoutMillis: patience,
    lock_timeout: patience,
    statement_timeout: longestStatement,
    idle_in_transaction_session_timeout: longestStatement,
    keepAlive: true,
    ...(longestStatement > 0 && { stream: () => impatientSocket(longestStatement + patience) })
  })
  // A connection that breaks fails the query on it, or else is replaced at the next one. Node.js would end the
  // process for an error event that nobody hears: the pool's own for idle connections, the client's in use.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  observer?.queue(() => pool.waitingCount)
  const dialect = new PostgresDialect({ pool })
  dialect.createDriver = () => new Driver({ pool })
  return dialect
}
