import type { OpenAPIV3_1 } from 'openapi-types'
import { type Change, compareSchemas, type Schema } from './schemas.ts'

type Document = OpenAPIV3_1.Document
interface Media {
  schema?: Schema
}
interface Parameter {
  name: string
  in: string
  required?: boolean
  schema?: Schema
}
/** An operation with every reference resolved. */
interface Operation {
  operationId?: string
  security?: object[]
  'x-permission'?: string
  'x-step-up'?: { max_age: number }
  parameters?: Parameter[]
  requestBody?: { required?: boolean; content: Record<string, Media> }
  responses: Record<string, { content?: Record<string, Media>; headers?: Record<string, unknown> }>
}

/** A copy without references; the documents have no circles. */
function resolved(document: Document, node: unknown): unknown {
  if (Array.isArray(node)) return node.map((item) => resolved(document, item))
  if (typeof node !== 'object' || node === null) return node
  if ('$ref' in node) {
    const place = String(node.$ref).split('/').slice(1)
    const target = place.reduce<unknown>((at, name) => (at as Record<string, unknown>)[name], document)
    return resolved(document, target)
  }
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, resolved(document, value)]))
}

const operationsOf = (document: Document) =>
  new Map(
    Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
      Object.entries(item ?? {}).map(([method, operation]) => [
        `${method.toUpperCase()} ${path}`,
        resolved(document, operation) as Operation
      ])
    )
  )

const pairs = <T>(old: Record<string, T> = {}, now: Record<string, T> = {}) =>
  [...new Set([...Object.keys(old), ...Object.keys(now)])].map(
    (name) => [name, old[name], now[name]] as const
  )

const byName = (parameters: Parameter[] = []) =>
  Object.fromEntries(parameters.map((parameter) => [`${parameter.in} ${parameter.name}`, parameter]))

const comparePlaces = (at: string, direction: 'input' | 'output', old?: Media, now?: Media) =>
  old?.schema && now?.schema ? compareSchemas(at, direction, old.schema, now.schema) : []

const compareMedia = (
  at: string,
  direction: 'input' | 'output',
  old?: Record<string, Media>,
  now?: Record<string, Media>
): Change[] =>
  pairs(old, now).flatMap(([type, before, after]) => {
    if (!after) return [{ breaking: true, text: `${at} is no longer ${type}` }]
    if (!before) return [{ breaking: direction === 'output', text: `${at} may be ${type}` }]
    return comparePlaces(at, direction, before, after)
  })

function compareRequests(at: string, old: Operation, now: Operation): Change[] {
  const isRequired = now.requestBody?.required === true
  return [
    ...pairs(byName(old.parameters), byName(now.parameters)).flatMap(([name, before, after]) => {
      if (!after) return [{ breaking: true, text: `${at} ${name} is gone` }]
      const required = after.required === true && before?.required !== true
      return [
        ...(before ? [] : [{ breaking: required, text: `${at} ${name} is new` }]),
        ...(before && required ? [{ breaking: true, text: `${at} ${name} is required now` }] : []),
        ...comparePlaces(`${at} ${name}`, 'input', before, after)
      ]
    }),
    ...(isRequired && old.requestBody?.required !== true
      ? [{ breaking: true, text: `${at} needs a body now` }]
      : []),
    ...compareMedia(`${at} body`, 'input', old.requestBody?.content, now.requestBody?.content)
  ]
}

const compareAnswers = (at: string, old: Operation, now: Operation): Change[] =>
  pairs(old.responses, now.responses).flatMap(([status, before, after]) => {
    if (!after) return [{ breaking: status < '3', text: `${at} never answers ${status} now` }]
    if (!before) return [{ breaking: status < '3', text: `${at} may answer ${status}` }]
    return [
      ...pairs(before.headers, after.headers)
        .filter(([, was, is]) => was !== undefined && is === undefined)
        .map(([name]) => ({ breaking: true, text: `${at} ${status} has no header ${name} now` })),
      ...compareMedia(`${at} ${status}`, 'output', before.content, after.content)
    ]
  })

function compareAccess(at: string, old: Operation, now: Operation): Change[] {
  const rule = ({ security, 'x-permission': permission }: Operation) =>
    permission ?? (security?.length ? 'authenticated' : 'public')
  const loosened = rule(now) === 'public' || (rule(now) === 'authenticated' && rule(old) !== 'public')
  return rule(old) === rule(now)
    ? []
    : [{ breaking: !loosened, text: `${at} is for ${rule(now)} callers now, and was for ${rule(old)}` }]
}

function compareStepUp(at: string, old: Operation, now: Operation): Change[] {
  const maxAge = (operation: Operation) => operation['x-step-up']?.max_age ?? Infinity
  const [was, is] = [maxAge(old), maxAge(now)]
  if (was === is) return []
  const text =
    is === Infinity ? `${at} wants no recent proof now` : `${at} wants a proof of the last ${is} seconds`
  return [{ breaking: is < was, text }]
}

/** Every difference between two documents that a client can notice, each marked as breaking or not. */
export function compareDocuments(old: Document, now: Document): Change[] {
  const [before, after] = [operationsOf(old), operationsOf(now)]
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((at) => {
    const [was, is] = [before.get(at), after.get(at)]
    if (!was) return [{ breaking: false, text: `${at} is new` }]
    if (!is) return [{ breaking: true, text: `${at} is gone` }]
    return [
      ...(was.operationId === is.operationId
        ? []
        : [{ breaking: true, text: `${at} is named ${is.operationId ?? ''} now` }]),
      ...compareAccess(at, was, is),
      ...compareStepUp(at, was, is),
      ...compareRequests(at, was, is),
      ...compareAnswers(at, was, is)
    ]
  })
}

/**
 * Whether the version leaves room for a breaking change (semver.org, 4 and 8): the next major version, and while
 * that is 0 the next minor one.
 */
export function mayBreak(old: string, now: string): boolean {
  const [[oldMajor = 0, oldMinor = 0], [major = 0, minor = 0]] = [
    old.split('.').map(Number),
    now.split('.').map(Number)
  ]
  return major > oldMajor || (oldMajor === 0 && major === 0 && minor > oldMinor)
}
