import type { FastifyError, FastifySchemaValidationError } from 'fastify'
import { databaseProblem } from '../db/failures.ts'
import type { ProblemExtensions } from '../../schemas/problem.ts'
import { problemKinds, problemMembers, type ProblemClass } from '../../schemas/problems.ts'
import { InternalError, kindByStatus, ValidationFailed } from './kinds.ts'

type ProblemError = InstanceType<ProblemClass>

const isProblem = (error: unknown): error is ProblemError =>
  error instanceof Error &&
  'kind' in error &&
  'code' in error &&
  problemKinds.get(String(error.code)) === error.kind

/** Longer lists help nobody, and cost. */
const mostErrors = 20

const contexts: Record<string, string> = { querystring: 'query', params: 'path', headers: 'header' }

const pointer = (segment: unknown) =>
  `/${String(segment).slice(0, 100).replaceAll('~', '~0').replaceAll('/', '~1')}`

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

/** Whatever was thrown, as a problem. What has no status of its own, or a 5xx, is an internal error. */
export function toProblem(error: FastifyError): ProblemError {
  if (isProblem(error)) return error
  if (error.validation) {
    const errors = validationErrors(error.validation, error.validationContext)
    return new ValidationFailed().with({ members: { errors } })
  }
  const unavailable = databaseProblem(error)
  if (unavailable) return unavailable
  const Kind = kindByStatus.get(error.statusCode ?? 500) ?? InternalError
  return new Kind().with({ cause: error })
}

/** The body of the answer (RFC 9457, section 3.1). */
export function problemBody(problem: ProblemError, requestId: string): string {
  const members = problemMembers(problem.kind, problem.message, requestId)
  return JSON.stringify({ ...members, ...problem.occurrence.members })
}
