import type { FastifySchemaValidationError } from 'fastify'
import { databaseProblem } from '../database/failures.ts'
import type { ProblemExtensions } from '../../schemas/problem.ts'
import { problemKinds, problemMembers, type ProblemClass } from './define.ts'
import { foreignProblem } from './foreign.ts'
import { InternalError, ValidationFailed } from './kinds.ts'
import { pointer } from './pointer.ts'

type ProblemError = InstanceType<ProblemClass>

const isProblem = (error: unknown): error is ProblemError =>
  error instanceof Error &&
  'kind' in error &&
  'code' in error &&
  problemKinds.get(String(error.code)) === error.kind

interface ValidationFailure {
  validation: FastifySchemaValidationError[]
  validationContext?: string
}

const isValidationFailure = (error: unknown): error is ValidationFailure =>
  error instanceof Error && 'validation' in error && Array.isArray(error.validation)

/** Longer lists help nobody, and cost. */
const mostErrors = 20

const contexts: Record<string, string> = { querystring: 'query', params: 'path', headers: 'header' }

function validationErrors(
  failures: FastifySchemaValidationError[],
  context = 'body'
): ProblemExtensions['errors'] {
  return failures.slice(0, mostErrors).map(({ keyword, instancePath, params, message }) => {
    const path = `/${contexts[context] ?? context}${instancePath}`
    if (keyword === 'required')
      return { path: path + pointer(params['missingProperty']), message: 'is required' }
    if (keyword === 'additionalProperties') {
      return { path: path + pointer(params['additionalProperty']), message: 'is not a known member' }
    }
    return { path, message: message ?? 'is not accepted' }
  })
}

/** An answer to an error: a problem, and what the log alone is told. */
export interface Refusal {
  status: number
  headers: Record<string, string>
  /** The members of RFC 9457, section 3.1, and our own. */
  members: { type: string; code: string; detail: string }
  /** What went wrong inside, for a 5xx. */
  cause: unknown
}

/** The error as a problem that this server declares, if it is one or stands for one. */
function declaredProblem(error: unknown): ProblemError | undefined {
  if (isProblem(error)) return error
  if (isValidationFailure(error)) {
    const errors = validationErrors(error.validation, error.validationContext)
    return new ValidationFailed().with({ members: { errors } })
  }
  return databaseProblem(error)
}

function readRefusal(error: unknown, replied: number, requestId: string): Refusal {
  const problem = declaredProblem(error)
  if (!problem) {
    const { kind, detail, headers } = foreignProblem(error, replied)
    // A log line of nothing would say nothing: null and undefined can be thrown too.
    const cause = error ?? `${String(error)} was thrown`
    return { status: kind.status, headers, members: problemMembers(kind, detail, requestId), cause }
  }
  const { kind, message, occurrence } = problem
  return {
    status: kind.status,
    headers: occurrence.headers ?? {},
    members: { ...problemMembers(kind, message, requestId), ...occurrence.members },
    cause: problem.cause ?? error
  }
}

/**
 * Whatever was thrown, as an answer. What cannot even be looked at, as its members throw in their turn, is an internal error.
 * @param replied the status that the answer had when it was thrown
 */
export function toRefusal(error: unknown, replied: number, requestId: string): Refusal {
  try {
    return readRefusal(error, replied, requestId)
  } catch (cause) {
    const { kind } = InternalError
    return { status: kind.status, headers: {}, members: problemMembers(kind, kind.detail, requestId), cause }
  }
}

/** Longest text of a problem, as its schema has it. */
const mostText = 1_000

/** The body of an answer. What a request has said stands in it only as the schema of problems allows, wherever it stands. */
export const problemBody = (members: object): string =>
  JSON.stringify(members, (_name, value: unknown) =>
    typeof value === 'string' ? value.slice(0, mostText).replaceAll(/[\0\p{Surrogate}]/gu, '\ufffd') : value
  )
