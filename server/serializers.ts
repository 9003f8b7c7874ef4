import compilers from '@fastify/fast-json-stringify-compiler'

/** The names of the schemas that a schema refers to. */
const namesIn = (schema: unknown) =>
  Array.from(JSON.stringify(schema).matchAll(/"\$ref":"([^"#]+)/g), ([, name = '']) => name)

/** Those of the shared schemas that a schema needs: what it refers to, what that refers to, and so on. */
function neededBy(schema: unknown, shared: ReadonlyMap<string, unknown>) {
  const needed = new Map<string, unknown>()
  const waiting = namesIn(schema)
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (needed.has(name) || !shared.has(name)) continue
    needed.set(name, shared.get(name))
    waiting.push(...namesIn(shared.get(name)))
  }
  return Object.fromEntries(needed)
}

/**
 * Makes the serializers of the answers as Fastify does, but each with those of the shared schemas alone that it needs:
 * fast-json-stringify examines all that it is given anew for every answer, a quarter of a start. Equal answers share one.
 */
export function serializers(): ReturnType<typeof compilers> {
  const compilerWith = compilers()
  const made = new Map<string, ReturnType<ReturnType<typeof compilerWith>>>()
  return (given, options) => {
    const shared = new Map<string, unknown>(Object.entries(given ?? {}))
    return (answer) => {
      const needed = neededBy(answer.schema, shared)
      const key = JSON.stringify([answer.schema, needed])
      const serialize = made.get(key) ?? compilerWith(needed, options)(answer)
      made.set(key, serialize)
      return serialize
    }
  }
}
