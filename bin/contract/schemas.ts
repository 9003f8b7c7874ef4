/** A JSON Schema as far as a comparison reads it, every reference resolved. */
export interface Schema {
  type?: string | string[]
  enum?: unknown[]
  properties?: Record<string, Schema>
  required?: string[]
  items?: Schema
  additionalProperties?: unknown
  pattern?: string
  format?: string
  [bound: string]: unknown
}

/** A difference between two documents, and whether a client of the old one may fail with the new one. */
export interface Change {
  breaking: boolean
  text: string
}

const lowest = ['minimum', 'minLength', 'minItems']
const highest = ['maximum', 'maxLength', 'maxItems']

const typesOf = ({ type }: Schema) => [type ?? []].flat()
const missing = <T>(from: T[] | undefined, others: T[] | undefined) =>
  (from ?? []).filter((value) => !(others ?? []).includes(value))

/**
 * Compares a schema with its successor. What is sent (`input`) must not be narrowed; of what is answered
 * (`output`) nothing must go away or become null. More values of an answered enum are an addition.
 */
export function compareSchemas(
  at: string,
  direction: 'input' | 'output',
  old: Schema,
  now: Schema
): Change[] {
  const isInput = direction === 'input'
  const changes: Change[] = []
  const note = (breaking: boolean, text: string) => changes.push({ breaking, text: `${at} ${text}` })

  for (const type of missing(typesOf(old), typesOf(now)))
    note(isInput || type !== 'null', `is no longer ${type}`)
  for (const type of missing(typesOf(now), typesOf(old)))
    note(!isInput || typesOf(old).length === 0, `may be ${type}`)
  for (const value of missing(old.enum, now.enum)) note(isInput, `is never ${JSON.stringify(value)} now`)
  for (const value of missing(now.enum, old.enum))
    note(isInput && !old.enum, `may be ${JSON.stringify(value)}`)
  for (const keyword of ['pattern', 'format'])
    if (old[keyword] !== now[keyword])
      note(
        isInput && now[keyword] !== undefined,
        `has another ${keyword}: ${JSON.stringify(now[keyword] ?? null)}`
      )
  for (const [keywords, tighter] of [
    [lowest, 1],
    [highest, -1]
  ] as const) {
    for (const keyword of keywords) {
      const [before, after] = [old[keyword], now[keyword]]
      if (before === after) continue
      const isTighter =
        typeof after === 'number' && (typeof before !== 'number' || (after - before) * tighter > 0)
      note(isInput && isTighter, `has another ${keyword}: ${JSON.stringify(after ?? null)}`)
    }
  }
  changes.push(...compareProperties(at, isInput, direction, old, now))
  if (old.items && now.items) changes.push(...compareSchemas(`${at}[]`, direction, old.items, now.items))
  return changes
}

function compareProperties(
  at: string,
  isInput: boolean,
  direction: 'input' | 'output',
  old: Schema,
  now: Schema
): Change[] {
  const before = old.properties ?? {}
  const after = now.properties ?? {}
  return [
    ...missing(Object.keys(before), Object.keys(after)).map((name) => ({
      // A member that is no longer known is refused in a request.
      breaking: true,
      text: `${at}.${name} is gone`
    })),
    ...missing(Object.keys(after), Object.keys(before)).map((name) => ({
      breaking: isInput && (now.required ?? []).includes(name),
      text: `${at}.${name} is new`
    })),
    ...Object.entries(before).flatMap(([name, schema]) => {
      const successor = after[name]
      if (!successor) return []
      const [was, is] = [old.required?.includes(name) ?? false, now.required?.includes(name) ?? false]
      return [
        ...(was === is
          ? []
          : [{ breaking: isInput === is, text: `${at}.${name} is ${is ? 'required' : 'optional'} now` }]),
        ...compareSchemas(`${at}.${name}`, direction, schema, successor)
      ]
    })
  ]
}
