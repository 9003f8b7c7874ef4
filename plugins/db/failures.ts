import { defineProblem } from '../../schemas/problems.ts'

export const DatabaseBusy = defineProblem('DATABASE_BUSY', 503, 'The database is busy', {
  detail: 'The database did not take the change in time. Nothing was changed; try again.',
  about:
    'Another process held the database for too long, or it could not be reached. The request changed nothing.'
})

export const StorageFull = defineProblem('STORAGE_FULL', 503, 'No room to write', {
  detail: 'The change could not be stored. Nothing was changed.',
  about:
    'The disk of the database is full or refuses writes. Reading still works; an operator has to make room.'
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

const codeOf = (error: unknown) =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

/** Whether a UNIQUE constraint refused the write. */
export const isUniqueViolation = (error: unknown) =>
  ['SQLITE_CONSTRAINT_UNIQUE', 'SQLITE_CONSTRAINT_PRIMARYKEY', '23505'].includes(codeOf(error))

/** Whether a FOREIGN KEY constraint refused the write. */
export const isForeignKeyViolation = (error: unknown) =>
  ['SQLITE_CONSTRAINT_FOREIGNKEY', '23503'].includes(codeOf(error))

/** Whether another connection holds the lock that this one needs; the same call may succeed later. */
export const isBusy = (error: unknown) => /^SQLITE_(BUSY|LOCKED)|^40001$|^40P01$|^55P03$/.test(codeOf(error))

/** The server gave the statement up, as it took too long; it would take as long again. */
const isCancelled = (error: unknown) => codeOf(error) === '57014'

/** A PostgreSQL server that only reads, after a change of roles, refuses writes as a full disk does. */
const isStorageFull = (error: unknown) =>
  /^SQLITE_(FULL|IOERR|READONLY|CANTOPEN)|^53100$|^25006$/.test(codeOf(error))

/** pg's own errors for a connection that broke have no code. */
const brokenConnection =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error)/

const isUnreachable = (error: unknown) => {
  const code = codeOf(error)
  if (/^(08...|57P0[1-5]|53300|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|EHOSTUNREACH)$/.test(code))
    return true
  // With a system call it is a connection of ours; without, a client that hung up.
  if (/^(ECONNRESET|EPIPE)$/.test(code)) return error instanceof Error && 'syscall' in error
  return error instanceof Error && code === '' && brokenConnection.test(error.message)
}

/** What a failure of the database is to the caller: a 503 that may be tried again. Undefined for other errors. */
export function databaseProblem(error: unknown) {
  const Problem = isStorageFull(error)
    ? StorageFull
    : isBusy(error) || isCancelled(error)
      ? DatabaseBusy
      : isUnreachable(error)
        ? DatabaseUnreachable
        : undefined
  const seconds = Problem === StorageFull ? '60' : '1'
  return Problem && new Problem().with({ cause: error, headers: { 'retry-after': seconds } })
}
