import { test } from 'tap'
import {
  codeOf,
  databaseBusy,
  databaseProblem,
  isBusy,
  isForeignKeyViolation,
  isUniqueViolation
} from '../../core/database/failures.ts'

/** An error as SQLite, pg and Node.js make them. */
const failed = (code: unknown, message = 'failed', more = {}) =>
  Object.assign(new Error(message), { code, ...more })

/** The code of the problem that an error is to a caller, and when to try again. */
function told(error: unknown) {
  const problem = databaseProblem(error)
  return problem && [problem.code, problem.occurrence.headers?.['retry-after']]
}

test('a failure that may be over by itself is a problem that says when to try again', (t) => {
  for (const [problem, seconds, codes] of [
    [
      'DATABASE_BUSY',
      '1',
      ['SQLITE_BUSY', 'SQLITE_BUSY_SNAPSHOT', 'SQLITE_LOCKED', '40001', '40P01', '55P03', '57014']
    ],
    ['STORAGE_FULL', '60', ['SQLITE_FULL', 'SQLITE_IOERR_WRITE', 'SQLITE_CANTOPEN', '53100']],
    ['DATABASE_READ_ONLY', '10', ['SQLITE_READONLY', 'SQLITE_READONLY_DBMOVED', '25006']],
    [
      'DATABASE_UNREACHABLE',
      '1',
      [
        ...['08000', '08006', '57P01', '57P02', '57P03', '57P05', '53300'],
        ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'ETIMEDOUT', 'EHOSTUNREACH']
      ]
    ]
  ] as const)
    for (const code of codes) {
      const error = failed(code)
      t.same(told(error), [problem, seconds], code)
      t.equal(databaseProblem(error)?.cause, error)
    }
  t.same(told(new Error('timeout exceeded when trying to connect')), ['DATABASE_BUSY', '1'])
  for (const message of [
    'Connection terminated unexpectedly',
    'Query read timeout',
    'Client has encountered a connection error and is not queryable'
  ])
    t.same(told(new Error(message)), ['DATABASE_UNREACHABLE', '1'], message)
  t.match(databaseBusy(), { code: 'DATABASE_BUSY', occurrence: { headers: { 'retry-after': '1' } } })
  t.end()
})

test('a connection of ours that breaks is told from a client that hangs up', (t) => {
  for (const code of ['ECONNRESET', 'EPIPE']) {
    t.same(told(failed(code, 'read', { syscall: 'read' })), ['DATABASE_UNREACHABLE', '1'], code)
    t.equal(told(failed(code, 'aborted')), undefined, code)
  }
  t.end()
})

test('what is no failure of the database is none', (t) => {
  for (const code of [
    ...['SQLITE_ERROR', 'SQLITE_CONSTRAINT_UNIQUE', 'X_SQLITE_BUSY', 'X_SQLITE_FULL', 'X_SQLITE_READONLY'],
    ...['400010', '140001', '40P010', '140P01', '55P030', '155P03', '531000', '153100', '250060', '125006'],
    ...[
      '080000',
      '108000',
      '57P06',
      '533000',
      '153300',
      'ECONNRESET2',
      'XEPIPE',
      'XECONNRESET',
      'EPIPES',
      ''
    ],
    ...[40001, undefined, null]
  ])
    t.equal(told(failed(code, 'failed', { syscall: 'read' })), undefined, String(code))
  t.equal(told(new Error('failed')), undefined)
  t.equal(told(new Error('It said: Connection terminated')), undefined)
  t.equal(told(failed('OTHER', 'Connection terminated')), undefined, 'an error with a code is what that says')
  for (const thrown of [undefined, null, 'SQLITE_BUSY', { code: 'SQLITE_BUSY' }])
    t.equal(told(thrown), undefined, typeof thrown)
  t.equal(codeOf({ code: 'SQLITE_BUSY' }), '')
  t.equal(codeOf(failed(7)), '')
  t.equal(codeOf(failed('SQLITE_BUSY')), 'SQLITE_BUSY')
  t.notOk(isBusy(failed('57014')), 'a statement that took too long would take as long again')
  t.end()
})

test('a constraint that refuses a write is known, and of which column it is', (t) => {
  const sqlite = failed('SQLITE_CONSTRAINT_UNIQUE', 'UNIQUE constraint failed: users.email_key')
  const postgres = failed('23505', 'duplicate key value', { constraint: 'users_email_key_key' })
  for (const error of [sqlite, postgres]) {
    t.ok(isUniqueViolation(error))
    t.ok(isUniqueViolation(error, 'email_key'))
    t.notOk(isUniqueViolation(error, 'username_key'))
    t.notOk(isForeignKeyViolation(error))
  }
  t.ok(isUniqueViolation(failed('SQLITE_CONSTRAINT_PRIMARYKEY')))
  for (const code of ['SQLITE_CONSTRAINT_FOREIGNKEY', '23503']) {
    t.ok(isForeignKeyViolation(failed(code)))
    t.notOk(isUniqueViolation(failed(code)))
  }
  for (const other of [new Error('email_key'), undefined, 'email_key'])
    t.same([isUniqueViolation(other), isForeignKeyViolation(other)], [false, false])
  t.end()
})
