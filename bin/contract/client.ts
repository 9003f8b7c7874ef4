import type { OpenAPIV3_1 } from 'openapi-types'

/** Where the client keeps which requests it may send again, from the root of the repository. */
export const clientFile = 'client/src/repeatable.ts'

/** A path of the document as a regular expression. */
const patternOf = (path: string) => `/^${path.replaceAll('/', '\\/').replaceAll(/\{\w+\}/g, '[^/]+')}$/`

/** The text of that file: the operations that take an Idempotency-Key. */
export function repeatable({ paths = {} }: OpenAPIV3_1.Document): string {
  const lines = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations ?? {})
      .filter(([, operation]) => Object.hasOwn(Object(operation) as object, 'x-idempotent'))
      .map(([method]) => `  ['${method.toUpperCase()}', ${patternOf(path)}]`)
  )
  return `/** The operations that are done once for each Idempotency-Key: made by \`npm run openapi\`. */\nexport const repeatable: readonly (readonly [method: string, path: RegExp])[] = [\n${lines.join(',\n')}\n]\n`
}
