import { STATUS_CODES } from 'node:http'
import { type ProblemKind, problemKinds } from './define.ts'
import { InternalError, kindByStatus } from './kinds.ts'

/** An error that is no problem of ours, as an answer. */
interface ForeignProblem {
  kind: Omit<ProblemKind, 'about'> & { type?: 'about:blank' }
  detail: string
  headers: Record<string, string>
}

/** What libraries and routes hang on their errors. Anything can be thrown, so that none of it has to be there. */
type Thrown = Partial<Record<'statusCode' | 'status' | 'code' | 'message' | 'expose' | 'headers', unknown>>

const isErrorStatus = (status: unknown): status is number =>
  typeof status === 'number' && Number.isInteger(status) && status >= 400 && status <= 599

/** Thrown by the language or the system, whose words are for the log: a slip of the code, JSON that is none, a file. */
const isNative = (thrown: Thrown) =>
  'errno' in thrown ||
  [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError].some(
    (Native) => thrown instanceof Native
  )

/** The status of an error: its own, or else that which the handler gave the answer before it threw. */
function statusOf(thrown: Thrown, replied: number): number {
  const own = [thrown.statusCode, thrown.status].find(isErrorStatus)
  return own ?? (isErrorStatus(replied) && !isNative(thrown) ? replied : 500)
}

const toCode = (name: string) =>
  name
    .toUpperCase()
    .replaceAll(/[^A-Z0-9]+/g, '_')
    .replaceAll(/^[^A-Z]+|_+$/g, '')
    .slice(0, 100)

/** What the code of an error of a route is; undefined when it has none of its own, or one that means something else here. */
function codeOf({ code }: Thrown, status: number): string | undefined {
  const own = typeof code === 'string' && !code.startsWith('FST_') ? toCode(code) : ''
  const known = problemKinds.get(own)
  return own === '' || (known && known.status !== status) ? undefined : own
}

/** Headers that belong to a refusal; without some of them the answer would not be what HTTP, or the contract, wants. */
const refusalHeaders = ['allow', 'content-range', 'retry-after', 'www-authenticate']
const neededHeaders: Record<number, Record<string, string>> = {
  401: { 'www-authenticate': 'Bearer' },
  429: { 'retry-after': '60' },
  503: { 'retry-after': '5' }
}

function headersOf({ headers }: Thrown, status: number): Record<string, string> {
  const given = Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const)
  const taken = given.filter(
    ([name, value]) => refusalHeaders.includes(name) && /^[\x20-\x7e]+$/.test(String(value))
  )
  return {
    ...neededHeaders[status],
    ...Object.fromEntries(taken.map(([name, value]) => [name, String(value)]))
  }
}

/**
 * An error of a route or a library as an answer. It keeps its status. A 4xx keeps its code and its message too, which are
 * for the client, but for those of Fastify, of Node.js and of errors with `expose: false`; a 5xx says nothing of the inside.
 * @param replied the status that the answer had when the error was thrown
 */
export function foreignProblem(error: unknown, replied: number): ForeignProblem {
  const thrown: Thrown = typeof error === 'object' && error !== null ? error : {}
  const status = statusOf(thrown, replied)
  const isPublic =
    status < 500 && !isNative(thrown) && !String(thrown.code).startsWith('FST_') && thrown.expose !== false
  const code = isPublic ? codeOf(thrown, status) : undefined
  const known = code === undefined ? kindByStatus.get(status)?.kind : undefined
  const title = STATUS_CODES[status] ?? `Status ${status}`
  const kind: ForeignProblem['kind'] = known ?? {
    type: 'about:blank',
    status,
    title,
    code: code ?? toCode(title),
    detail: status < 500 ? `${title}.` : InternalError.kind.detail
  }
  const message = isPublic && typeof thrown.message === 'string' ? thrown.message : ''
  return { kind, detail: message || kind.detail, headers: headersOf(thrown, status) }
}
