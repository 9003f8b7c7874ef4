import { Kind, type Static, type TSchema, Type, TypeRegistry } from '@sinclair/typebox'

/** One of some strings, as a JSON Schema `enum` (a union of literals would become an `anyOf` in the document). */
export const StringEnum = <const T extends readonly string[]>(values: T, options: object = {}) =>
  Type.Unsafe<T[number]>({ [Kind]: 'StringEnum', type: 'string', enum: [...values], ...options })

TypeRegistry.Set<{ enum: unknown[] }>('StringEnum', (schema, value) => schema.enum.includes(value))

/** A named component by reference: `$ref` in the contract, the component's own type in code. An answer says what it is, and which headers it has. */
export const ref = <T extends TSchema>(schema: T, description?: string, headers?: object) => {
  if (!schema.$id) throw new Error('Only a schema with an $id can be referenced')
  return Type.Unsafe<Static<T>>({
    $ref: `${schema.$id}#`,
    ...(description && { description }),
    ...(headers && { headers })
  })
}

/** The answer 204. */
export const NoContent = (description: string) => Type.Unsafe<undefined>({ type: 'null', description })

/** Or null, as OpenAPI 3.1 has it: `type: [..., 'null']`. */
export const Nullable = <T extends TSchema>(schema: T) =>
  Type.Unsafe<Static<T> | null>({ ...schema, type: [schema['type'] as string, 'null'] })

const filledIn = Symbol('filled in by the database')

/** A column that the database fills in when an insert leaves it out. */
export type ByDatabase = TSchema & { readonly [filledIn]: true }

/** Marks a column that the database fills in when an insert leaves it out. */
export const byDatabase = <T extends TSchema>(schema: T) => ({ ...schema, [filledIn]: true as const })

/** The key of a row: a positive 32-bit integer, as the guide's ids are. */
export const Id = Type.Integer({ minimum: 1, maximum: 2_147_483_647, format: 'int32', examples: [1] })

/** The key of a row of a table that may outgrow 32 bits. */
export const LongId = Type.Integer({
  minimum: 1,
  maximum: Number.MAX_SAFE_INTEGER,
  format: 'int64',
  examples: [1]
})

/** An instant, RFC 3339 in UTC with milliseconds. */
export const Timestamp = Type.String({
  format: 'date-time',
  maxLength: 24,
  examples: ['2026-01-31T09:30:00.000Z']
})

/** An instant as somebody else writes it: RFC 3339, whatever its offset and its parts of a second. */
export const Instant = Type.String({
  format: 'date-time',
  maxLength: 40,
  examples: ['2026-01-31T09:30:00Z']
})

/** Where a request came from: the one spelling of an IPv4 or IPv6 address, or `unknown` (a Unix socket has none). */
export const Address = Type.String({
  maxLength: 45,
  pattern: '^(unknown|[0-9a-f:.]+)$',
  description: 'An IPv4 or IPv6 address in its one spelling (RFC 5952), or `unknown`.',
  examples: ['203.0.113.7']
})

/** A session's id. */
export const SessionId = Type.String({
  format: 'uuid',
  maxLength: 36,
  examples: ['0b6f2f52-6f4e-4f0f-9d2b-1c3f5a7e9b10']
})
