import fc, { type Arbitrary } from 'fast-check'
import { instants, noInstants } from '../instants.ts'
import type { Contract, Operation } from './reader.ts'

/** A JSON Schema as far as inputs are made from it. */
interface Schema {
  type?: string | string[]
  format?: string
  enum?: unknown[]
  examples?: unknown[]
  properties?: Record<string, Schema | { $ref: string }>
  items?: Schema | { $ref: string }
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
}

/** A request as it is to be sent. */
export interface Input {
  url: string
  headers: Record<string, string>
  payload?: string
}

const texts = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.constantFrom(
    '',
    ' ',
    '\u0000',
    '\ud800',
    '\u202e',
    '%',
    "'; --",
    '../..',
    '__proto__',
    'NaN',
    '1e999',
    '0x10',
    '-0',
    'true'
  ),
  fc.string({ unit: 'grapheme-ascii', minLength: 200, maxLength: 5_000 })
)
const numbers = fc.oneof(
  fc.integer(),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom(0, -1, 2 ** 31, 2 ** 53, 1e308)
)
/** Instants, good and bad: of any parts, and such as come close. */
const dates = fc.oneof(
  fc.constantFrom(...Object.keys(instants), ...noInstants),
  fc
    .tuple(
      fc.constantFrom('2026', '0000', '0001', '9999', '2024', '10000'),
      fc.constantFrom('01', '02', '12', '00', '13'),
      fc.constantFrom('01', '28', '29', '30', '31', '00', '32'),
      fc.constantFrom('T', 't', ' ', ''),
      fc.constantFrom('00', '23', '24', '9'),
      fc.constantFrom('59:59', '59:60', '00:00', '60:00', '00'),
      fc.constantFrom('Z', 'z', '', '+01', '-11', '+0100', '+01:00', '-23:59', '+24:00', '.5Z', '.Z')
    )
    .map(([year, month, day, t, hour, rest, zone]) => `${year}-${month}-${day}${t}${hour}:${rest}${zone}`)
)
/** Anything that JSON can say. */
const junk: Arbitrary<unknown> = fc.oneof(texts, numbers, fc.jsonValue({ maxDepth: 3 }))

/** Values at, just inside and just outside the bounds of a schema, its examples, and things of other kinds. */
function valuesOf(contract: Contract, reference: Schema | { $ref: string }): Arbitrary<unknown> {
  const schema = contract.resolve<Schema>(reference)
  const { minLength = 0, maxLength = 100, minimum = 0, maximum = 100 } = schema
  const lengths = [minLength - 1, minLength, maxLength, maxLength + 1].filter((length) => length >= 0)
  const fitting: Arbitrary<unknown>[] = [
    ...[schema.enum, schema.examples].flatMap((list) => (list?.length ? [fc.constantFrom(...list)] : [])),
    ...(schema.format === 'date-time' ? [dates] : []),
    ...(schema.type === 'string' ? [fc.constantFrom(...lengths).map((length) => 'a'.repeat(length))] : []),
    ...(schema.type === 'integer' ? [fc.constantFrom(minimum - 1, minimum, maximum, maximum + 1)] : []),
    ...(schema.type === 'array' && schema.items
      ? [fc.array(valuesOf(contract, schema.items), { maxLength: 5 })]
      : []),
    ...(schema.properties ? [objectsOf(contract, schema.properties)] : [])
  ]
  if (fitting.length === 0) return junk
  return fc.oneof({ weight: 5, arbitrary: fc.oneof(...fitting) }, { weight: 1, arbitrary: junk })
}

/** Objects with some of the members, and now and then one that is not known. */
const objectsOf = (contract: Contract, properties: NonNullable<Schema['properties']>) =>
  fc
    .tuple(
      fc.record(
        Object.fromEntries(
          Object.entries(properties).map(([name, schema]) => [name, valuesOf(contract, schema)])
        ),
        { requiredKeys: [] }
      ),
      fc.option(fc.constantFrom('extra', '__proto__', 'constructor', 'id'), { freq: 10, nil: undefined })
    )
    .map(([members, extra]): unknown =>
      extra === undefined
        ? members
        : JSON.parse(JSON.stringify(members).replace('{', `{"${extra}":{},`).replace(',}', '}'))
    )

const asText = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, 2_000)

/** A path parameter that leads to the route: not empty, and no dots that the address would lose. */
const asSegment = (value: unknown) => {
  // Half of a surrogate pair, where the cut has made one, cannot be sent.
  const text = encodeURIComponent(
    asText(value)
      .slice(0, 90)
      .replaceAll(/\p{Surrogate}/gu, '')
  )
  return ['', '.', '..'].includes(text) ? '0' : text
}

const malformed = fc.constantFrom(
  '',
  '{',
  '[',
  'null',
  '"',
  '{"a":1,}',
  '\u0000',
  '{"__proto__":{}}',
  '[]',
  '0'
)
const mediaTypes = fc.oneof(
  { weight: 12, arbitrary: fc.constant('application/json') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('text/plain', 'application/xml', 'application/json; charset=x', 'x')
  }
)
const tags = fc.option(fc.constantFrom('*', '"1"', 'W/"1"', '"', ',,', 'é'), { freq: 3, nil: undefined })

/** Requests of an operation: well-formed, at the bounds, and malformed. */
export function inputsOf(contract: Contract, path: string, operation: Operation): Arbitrary<Input> {
  const parameters = (operation.parameters ?? []).map((parameter) => contract.resolve(parameter))
  const named = (place: string): Arbitrary<Record<string, unknown>> =>
    fc.record(
      Object.fromEntries(
        parameters
          .filter((parameter) => parameter.in === place)
          .map(({ name, schema }) => [name, valuesOf(contract, (schema ?? {}) as Schema)])
      ),
      { requiredKeys: place === 'path' ? undefined : [] }
    )
  const body = operation.requestBody && contract.resolve(operation.requestBody)
  const schema = body?.content['application/json']?.schema as Schema | undefined
  const payloads = schema
    ? fc.oneof(
        { weight: 6, arbitrary: valuesOf(contract, schema).map((value) => JSON.stringify(value)) },
        { weight: 1, arbitrary: malformed }
      )
    : fc.option(malformed, { freq: 5, nil: undefined })
  return fc
    .record({ place: named('path'), query: named('query'), payload: payloads, type: mediaTypes, tag: tags })
    .map(({ place, query, payload, type, tag }) => {
      const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => asSegment(place[name]))
      const search = new URLSearchParams(
        Object.entries(query).map(([name, value]): [string, string] => [name, asText(value)])
      )
      return {
        url: search.size > 0 ? `${filled}?${search.toString()}` : filled,
        headers: {
          ...(payload !== undefined && { 'content-type': type }),
          ...(tag !== undefined && { 'if-match': tag, 'if-none-match': tag })
        },
        ...(payload !== undefined && { payload })
      }
    })
}
