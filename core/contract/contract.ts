import type { FastifyContextConfig, FastifySchema, RouteOptions } from 'fastify'
import { type ProblemKind, problems } from '../problems/define.ts'
import { NoContent } from '../../schemas/types.ts'
import { commonHeaders } from './headers.ts'

type Headers = Record<string, object>

/** What one concern says of a route in the document. */
export interface ContractPart {
  security?: Record<string, string[]>[]
  /** Members beginning with `x-`. */
  extension?: Record<`x-${string}`, unknown>
  /** Headers that the request may have. */
  requestHeaders?: Headers
  /** Headers of every answer but a 503. */
  headers?: Headers
  /** Headers of the successful answers. */
  successHeaders?: Headers
  /** Whether the request may come without a body. */
  optionalBody?: boolean
  /** Whether a conditional request may be answered with 304. */
  notModified?: boolean
  /** Problems that the route may answer. */
  problems?: { kind: ProblemKind }[]
  /** Headers of the answers with these statuses. */
  headersByStatus?: Record<number, Headers>
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the handler itself may throw, for the document. */
    problems?: { kind: ProblemKind }[]
    /** Bodies to try the route with, by name. */
    bodyExamples?: Record<string, { summary: string; value: unknown }>
    /** What the plugins add to the document for this route. */
    contract?: ContractPart[]
  }
  interface FastifySchema {
    operationId?: string
    summary?: string
    description?: string
    tags?: string[]
    hide?: boolean
  }
}

/** Adds a concern's part to a route's contract. Replaces, never mutates: a HEAD twin shares the objects. */
export function addToContract(route: RouteOptions, part: ContractPart) {
  route.config = { ...route.config, contract: [...(route.config?.contract ?? []), part] }
}

/** The schema of a route as the document shows it: its own, with what every concern added. */
export function documented(schema: FastifySchema, config: FastifyContextConfig): FastifySchema {
  const parts = config.contract ?? []
  const everywhere = Object.assign({}, commonHeaders, ...parts.map(({ headers }) => headers)) as Headers
  const onSuccess = Object.assign({}, ...parts.map(({ successHeaders }) => successHeaders)) as Headers
  const thrown = problems(...(config.problems ?? []), ...parts.flatMap((part) => part.problems ?? []))
  const unchanged = parts.some(({ notModified }) => notModified) && { 304: NoContent('Not modified.') }
  const own = schema.response as Record<string, object> | undefined
  const answers: Record<string, object> = { ...own, ...unchanged, ...thrown }
  const response = Object.entries(answers).map(([status, answer]) => {
    const declared = 'headers' in answer ? (answer.headers as Headers) : {}
    const byStatus = parts.map(({ headersByStatus }) => headersByStatus?.[Number(status)])
    // A 503 may come before anything was done, counting the call included.
    const always = status === '503' ? commonHeaders : everywhere
    const headers = Object.assign({}, always, status < '4' && onSuccess, ...byStatus, declared) as Headers
    return [status, { ...answer, ...(Object.keys(headers).length > 0 && { headers }) }] as const
  })
  const sent = Object.assign({}, ...parts.map(({ requestHeaders }) => requestHeaders)) as Headers
  const { properties } = (schema.headers ?? {}) as { properties?: Headers }
  return {
    ...schema,
    ...(Object.keys(sent).length > 0 && {
      headers: { type: 'object', ...(schema.headers as object), properties: { ...properties, ...sent } }
    }),
    ...(Object.assign({}, ...parts.map(({ extension }) => extension)) as object),
    ...(config.bodyExamples && { 'x-body-examples': config.bodyExamples }),
    ...(parts.some(({ optionalBody }) => optionalBody) && { 'x-optional-body': true }),
    security: parts.findLast(({ security }) => security)?.security ?? [],
    response: Object.fromEntries(response)
  }
}
