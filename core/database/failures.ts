import { defineProblem } from '../problems/define.ts'

export const DatabaseBusy = defineProblem('DATABASE_BUSY', 503, 'The database is busy', {
  detail: 'The database did not take the change in time. Nothing was changed; try again.',
  about:
    'Another change held what this one needs for too long, or no connection to the database was free. The request changed nothing.'
})

export const StorageFull = defineProblem('STORAGE_FULL', 503, 'No room to write', {
  detail: 'The change could not be stored. Nothing was changed.',
  about:
    'The disk of the database is full, refuses writes or has failed. Reading still works; an operator has to see to it.'
})

export const DatabaseReadOnly = defineProblem('DATABASE_READ_ONLY', 503, 'The database only reads', {
  detail: 'The database takes no changes. Nothing was changed.',
  about:
    'The database is a standby, or was set to only read. Reading still works; an operator has to lead the service to one that takes changes.'
})

export const DatabaseUnreachable = defineProblem(
  'DATABASE_UNREACHABLE',
  503,
  'The database cannot be reached',
  {
    detail: 'The database did not answer. A change may have been made: look before you send it again.',
    about:
      'The connection to the database broke or could not be made. A change that was under way may or may not have been made.'
  }
)

/** What a caller is told who could not be served in time. */
export const databaseBusy = () => new DatabaseBusy().with({ headers: { 'retry-after': '1' } })

/** The code of an error of the database, or an empty text. */
export const codeOf = (error: unknown) =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

/** Which column or constraint refused the write: SQLite says the one, PostgreSQL the other, which has the column's name in it. */
const placeOf = (error: unknown) =>
  error instanceof Error ? ('constraint' in error ? String(error.constraint) : error.message) : ''

/** Whether a UNIQUE constraint refused the write: one of this column, where it is given. */
export const isUniqueViolation = (error: unknown, column = '') =>
  ['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY', '23505'].includes(codeOf(error)) &&
  placeOf(error).includes(column)

/** Whether a FOREIGN KEY constraint refused the write. */
export const isForeignKeyViolation = (error: unknown) =>
  ['SQLITE_CONSTRAINT_FOREIGNKEY', '23503'].includes(codeOf(error))

/** Every connection of the pool was in use, for longer than one waits for it. */
const isPoolBusy = (error: unknown) =>
  error instanceof Error && error.message === 'timeout exceeded when trying to connect'

/** Whether another transaction holds the lock or the connection that this one needs; the same call may succeed later. */
export const isBusy = (error: unknown) =>
  /^SQLITE_(BUSY|LOCKED)|^40001$|^40P01$|^55P03$/.test(codeOf(error)) || isPoolBusy(error)

/** The server gave the statement up, as it took too long; it would take as long again. */
const isCancelled = (error: unknown) => codeOf(error) === '57014'

const isStorageFull = (error: unknown) => /^SQLITE_(FULL|IOERR|CANTOPEN)|^53100$/.test(codeOf(error))

/** A file that may not be written, or a PostgreSQL server that follows another one. */
const isReadOnly = (error: unknown) => /^SQLITE_READONLY|^25006$/.test(codeOf(error))

/** pg's own errors for a connection that broke have no code. */
const brokenConnection =
  /^(Connection terminated|Query read timeout|Client has encountered a connection error)/

const isUnreachable = (error: unknown) => {
  const code = codeOf(error)
  if (/^(08...|57P0[1-5]|53300|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH)$/.test(code))
    return true
  // With a system call it is a connection of ours; without, a client that hung up.
  if (/^(ECONNRESET|EPIPE)$/.test(code)) return error instanceof Error && 'syscall' in error
  return error instanceof Error && code === '' && brokenConnection.test(error.message)
}

/** What each failure is, and after how many seconds it may be over. */
const kinds = [
  { is: isStorageFull, Problem: StorageFull, seconds: 60 },
  { is: isReadOnly, Problem: DatabaseReadOnly, seconds: 10 },
  { is: isBusy, Problem: DatabaseBusy, seconds: 1 },
  { is: isCancelled, Problem: DatabaseBusy, seconds: 1 },
  { is: isUnreachable, Problem: DatabaseUnreachable, seconds: 1 }
]

/** What a failure of the database is to the caller: a 503 that may be tried again. Undefined for other errors. */
export function databaseProblem(error: unknown) {
  const kind = kinds.find(({ is }) => is(error))
  return kind && new kind.Problem().with({ cause: error, headers: { 'retry-after': String(kind.seconds) } })
}
