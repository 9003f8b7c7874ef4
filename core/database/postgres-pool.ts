import { Socket } from 'node:net'
import pg from 'pg'
import type { DatabaseOptions } from './options.ts'
import { patience } from './persist.ts'
import { noteBackend } from './postgres-statements.ts'

const { TIMESTAMPTZ, INT8 } = pg.types.builtins

/**
 * What differs from SQLite in values, for this pool alone: an instant is the RFC 3339 text with milliseconds
 * that the service writes, a count is a number.
 */
const types = new pg.TypeOverrides()
const parseInstant = pg.types.getTypeParser(TIMESTAMPTZ) as (text: string) => Date
types.setTypeParser(TIMESTAMPTZ, (text: string) => parseInstant(text).toISOString())
types.setTypeParser(INT8, Number)

/**
 * How long a statement waits for a lock before its transaction begins anew, in milliseconds: whoever waits keeps a
 * connection, and those who need another row want one too.
 */
export const lockPatience = 500

/** How long a connection is used, in seconds: after a failover the name of the server may lead to another one. */
const lifetime = 300

/**
 * A connection that is cut when nothing has come for so long: the server, or the way to it, is gone. Then the pool
 * makes another; one that only stopped waiting for its answer would be used again.
 */
function impatientSocket(milliseconds: number): Socket {
  const socket = new Socket()
  return socket.setTimeout(milliseconds, () => socket.destroy(new Error('Connection terminated: no answer')))
}

interface Standing {
  backend: number
  database: string
  encoding: string
  schema: string | null
  search_path: string
}

/**
 * Sets what the service reads instants by, whatever the server, the database or the role has as a default. A pooler
 * that hands out connections by transaction keeps these two for each of its clients.
 * @throws for a database that cannot hold what the service keeps
 */
async function prepareConnection(client: pg.ClientBase) {
  const { rows } = await client.query<Standing>(
    `select set_config('datestyle', 'ISO, YMD', false), set_config('timezone', 'UTC', false),
       pg_backend_pid() as backend, current_database() as database, current_setting('server_encoding') as encoding,
       current_schema() as schema, current_setting('search_path') as search_path`
  )
  const [standing] = rows
  if (!standing) throw new Error('the server answers nothing')
  const { backend, database, encoding, schema, search_path } = standing
  noteBackend(client, backend)
  if (encoding !== 'UTF8') {
    throw new Error(
      `The database ${database} of DATABASE_URL has the encoding ${encoding}, which cannot hold every name: make one with ENCODING 'UTF8' TEMPLATE template0.`
    )
  }
  if (schema === null) {
    throw new Error(
      `The search_path of DATABASE_URL's role in ${database}, ${search_path}, names no schema that is there and that the role may use: create the schema, or set another path.`
    )
  }
}

/** Whether a pooler refused a connection for parameters that it does not know, as PgBouncer does. */
const isParameterRefused = (error: unknown) =>
  error instanceof Error &&
  'code' in error &&
  error.code === '08P01' &&
  /startup parameter/.test(error.message)

/** The connections to a PostgreSQL server, each made when it is needed. */
export function openPool(url: string, { connections, longestStatement, observer }: DatabaseOptions): pg.Pool {
  // A transaction sets them besides.
  const limits = {
    lock_timeout: lockPatience,
    statement_timeout: longestStatement,
    idle_in_transaction_session_timeout: longestStatement
  }
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    types,
    application_name: 'gatehouse',
    connectionTimeoutMillis: patience,
    maxLifetimeSeconds: lifetime,
    ...limits,
    keepAlive: true,
    verify: (client, done) => {
      prepareConnection(client).then(() => done(), done)
    },
    ...(longestStatement > 0 && { stream: () => impatientSocket(longestStatement + patience) })
  })
  // A connection that breaks fails the query on it, or else is replaced at the next one. Node.js would end the
  // process for an error event that nobody hears: the pool's own for idle connections, the client's in use.
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  observer?.queue(() => pool.waitingCount)
  return pool
}

/** Takes a connection from the pool; behind a pooler that knows no limits of a session, one without. */
export async function withoutLimits<T>(pool: pg.Pool, acquire: () => Promise<T>): Promise<T> {
  try {
    return await acquire()
  } catch (error) {
    if (!isParameterRefused(error)) throw error
    const { options } = pool
    options.lock_timeout = options.statement_timeout = options.idle_in_transaction_session_timeout = undefined
    return acquire()
  }
}
