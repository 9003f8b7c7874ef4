import type { PostgresCursor, PostgresPool, PostgresPoolClient, PostgresQueryResult } from 'kysely'
import type pg from 'pg'
import { codeOf } from './failures.ts'

/** The names of the statements that are built once (prepared.ts), by their text: as many as there are such places in the source. */
const names = new Map<string, string>()

/** Has PostgreSQL plan a statement once for each connection: planning costs it as much as one of these takes to run. */
export function nameStatement(text: string) {
  if (!names.has(text)) names.set(text, `gatehouse_${names.size}`)
}

/** Connections that lead to one server process, which still has tomorrow what it was given today. */
const direct = new WeakSet<object>()

/**
 * Notes whether a connection is answered by the process that it was opened to. A pooler that hands out its connections by
 * transaction names itself when one is opened; the statements that it passes on may be kept by another process.
 */
export function noteBackend(client: pg.ClientBase, backend: number) {
  if ('processID' in client && client.processID === backend) direct.add(client)
}

/**
 * What is said of a statement that a connection keeps in vain: a migration of a newer release has given one of its columns
 * another type, or a pooler that does not show has other processes answer. The connection is not used again.
 */
const outlived = new Set(['0A000', '26000', '42P05'])

interface Client extends Pick<PostgresPoolClient, 'processID' | 'release'> {
  query<R>(query: {
    name?: string
    text: string
    values: readonly unknown[]
  }): Promise<PostgresQueryResult<R>>
}

/** A connection on which the statements that have names are planned once. */
class NamingClient implements PostgresPoolClient {
  readonly #client: Client
  readonly #isDirect: boolean
  #isOutlived = false

  constructor(client: Client) {
    this.#client = client
    this.#isDirect = direct.has(client)
  }

  get processID() {
    return this.#client.processID
  }

  query<R>(text: string, values: readonly unknown[]): Promise<PostgresQueryResult<R>>
  query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>
  query<R>(
    text: string | PostgresCursor<R>,
    values: readonly unknown[] = []
  ): Promise<PostgresQueryResult<R>> | PostgresCursor<R> {
    if (typeof text !== 'string') throw new Error('no cursors are configured')
    const name = this.#isDirect ? names.get(text) : undefined
    if (name === undefined) return this.#client.query<R>({ text, values })
    return this.#client.query<R>({ name, text, values }).catch((error: unknown) => {
      this.#isOutlived ||= outlived.has(codeOf(error))
      throw error
    })
  }

  release(destroy = false) {
    this.#client.release(destroy || this.#isOutlived)
  }
}

/** The pool for Kysely, with the statements that have names planned once for each connection that leads to the server. */
export function namingStatements(pool: pg.Pool): PostgresPool {
  const clients = new WeakMap<pg.PoolClient, PostgresPoolClient>()
  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      const client = await pool.connect()
      const known = clients.get(client)
      if (known) return known
      const naming = new NamingClient(client)
      clients.set(client, naming)
      return naming
    }
  }
}
