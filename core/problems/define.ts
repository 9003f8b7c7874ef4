import createError from '@fastify/error'
import type { ProblemExtensions } from '../../schemas/problem.ts'
import { Problem } from '../../schemas/problem.ts'
import { ref } from '../../schemas/types.ts'

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

/** Where each kind is declared. */
const places = new Map<string, string>()

/** The place that called the function that called the function that asks: a file and a line. */
const callerOfCaller = () =>
  new Error().stack?.split('\n')[4]?.replaceAll(/^.*?(?:\(|at )|\)$/g, '') ?? 'an unknown place'

/** Two kinds with one code would make one of them an internal error; one that breaks the schema of problems, every answer of it a false one. */
function register(kind: ProblemKind) {
  const { code, status } = kind
  const place = callerOfCaller()
  const before = places.get(code)
  if (before !== undefined)
    throw new Error(`The problem ${code} is declared twice: at ${before} and at ${place}`)
  if (!/^[A-Z][A-Z0-9_]{0,99}$/.test(code) || !Number.isInteger(status) || status < 400 || status > 599)
    throw new Error(
      `The problem ${code} at ${place} needs a code in UPPER_SNAKE and a status from 400 to 599, not ${status}`
    )
  places.set(code, place)
  problemKinds.set(code, kind)
}

/**
 * Declares a kind of problem beside the code that throws it. `detail` may hold `%s`, filled by the arguments
 * of `new`. Answers an error class; format.ts alone turns its instances into an answer.
 * @throws for a code that is declared already, naming both places
 */
export function defineProblem(
  code: string,
  status: number,
  title: string,
  { detail, about, guide }: { detail: string; about: string; guide?: ProblemExtensions }
) {
  const kind: ProblemKind = { code, status, title, detail, about, ...(guide && { guide }) }
  register(kind)
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

/** The members that every occurrence of a kind has. `type` is the page of the kind, if it has one. */
export const problemMembers = (
  { code, status, title, guide, type = problemPath(code) }: Omit<ProblemKind, 'about'> & { type?: string },
  detail: string,
  requestId: string
) => ({
  type,
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
