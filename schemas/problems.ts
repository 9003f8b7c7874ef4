import createError from '@fastify/error'
import type { ProblemExtensions } from './problem.ts'
import { Problem } from './problem.ts'
import { ref } from './types.ts'

/** A kind of problem: what every occurrence of it has in common. */
export interface ProblemKind {
  code: string
  status: number
  title: string
  /** What its page under /problems/ says. */
  about: string
  /** What an occurrence says; `%s` stands for its arguments. */
  detail: string
  /** The guide's own members for this error, with the guide's exact text. */
  guide?: ProblemExtensions
}

/** What one occurrence adds: more members, headers of the answer, and the cause for the log alone. */
interface Occurrence {
  members?: ProblemExtensions
  headers?: Record<string, string>
  cause?: unknown
}

/** Every kind of problem that this server can answer, by code. */
export const problemKinds = new Map<string, ProblemKind>()

/** The path that explains a problem, its `type`. */
export const problemPath = (code: string) => `/problems/${code.toLowerCase().replaceAll('_', '-')}`

/**
 * Declares a kind of problem beside the code that throws it. `detail` may hold `%s`, filled by the arguments
 * of `new`. Answers an error class; errors.ts alone turns its instances into an answer.
 */
export function defineProblem(
  code: string,
  status: number,
  title: string,
  { detail, about, guide }: { detail: string; about: string; guide?: ProblemExtensions }
) {
  const kind: ProblemKind = { code, status, title, detail, about, ...(guide && { guide }) }
  problemKinds.set(code, kind)
  const Base = createError<(string | number)[]>(code, detail, status)
  return class ProblemError extends Base {
    static readonly kind = kind
    readonly kind = kind
    occurrence: Occurrence = {}

    /** Adds what this occurrence alone has; answers the error itself. */
    with(occurrence: Occurrence) {
      this.occurrence = occurrence
      this.cause = occurrence.cause
      return this
    }
  }
}

export type ProblemClass = ReturnType<typeof defineProblem>

/** The media type of every error (RFC 9457, section 3). */
export const problemType = 'application/problem+json'

/** The answers of a route's contract for these problems, one entry a status with an example of each. */
export function problems(...classes: { kind: ProblemKind }[]) {
  const kinds = [...new Set(classes.map(({ kind }) => kind))]
  const statuses = [...new Set(kinds.map(({ status }) => status))].sort()
  return Object.fromEntries(
    statuses.map((status) => [status, problemAnswer(kinds.filter((kind) => kind.status === status))])
  )
}

/** The members that every occurrence of a kind has. */
export const problemMembers = (
  { code, status, title, guide }: ProblemKind,
  detail: string,
  requestId: string
) => ({
  type: problemPath(code),
  title,
  status,
  detail,
  code,
  request_id: requestId,
  ...guide
})

const exampleOf = (kind: ProblemKind) => problemMembers(kind, kind.detail.replaceAll('%s', '7'), 'k3v9x2-1f')

const problemAnswer = (kinds: ProblemKind[]) => ({
  description: `${kinds.map(({ title }) => title).join(', or: ')}.`,
  content: {
    [problemType]: {
      schema: ref(Problem),
      examples: Object.fromEntries(kinds.map((kind) => [kind.code, { value: exampleOf(kind) }]))
    }
  }
})
