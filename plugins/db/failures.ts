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

/** Whether the disk refused. */
export const isStorageFull = (error: unknown) =>
  /^SQLITE_(FULL|IOERR|READONLY|CANTOPEN)|^53100$/.test(codeOf(error))
