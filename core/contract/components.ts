import type { OpenAPIV3, OpenAPIV3_1 } from 'openapi-types'

type Node = Record<string, unknown>
/** Either version: what is done here is the same for both. */
type AnyDocument = Partial<OpenAPIV3.Document | OpenAPIV3_1.Document>

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const entries = (value: unknown) => (isNode(value) ? Object.entries(value) : [])

/** The components of a document as they fill up: each name stands for one thing. */
class Components {
  readonly byKind: Record<string, Node> = {}

  constructor(given: Node) {
    for (const [kind, named] of Object.entries(given)) this.byKind[kind] = { ...(named as Node) }
  }

  /** Keeps the component and answers the reference to it. @throws when the name already means something else */
  share(kind: string, name: string, value: unknown): Node {
    const named = (this.byKind[kind] ??= {})
    const known = named[name]
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(value)) {
      throw new Error(`Two different components/${kind} are named ${name}`)
    }
    named[name] = value
    return { $ref: `#/components/${kind}/${name}` }
  }
}

/** Moves every schema with a title into the components, the innermost first; its title is its name. */
function nameSchemas(value: unknown, components: Components): unknown {
  if (Array.isArray(value)) return value.map((item) => nameSchemas(item, components))
  if (!isNode(value)) return value
  const { title, ...node } = Object.fromEntries(
    Object.entries(value).map(([key, child]) =>
      // Examples and extensions are data, not schemas.
      key.startsWith('x-') || ['example', 'examples', 'default', 'enum'].includes(key)
        ? [key, child]
        : [key, nameSchemas(child, components)]
    )
  )
  if (typeof title === 'string') return components.share('schemas', title, node)
  return title === undefined ? node : { title, ...node }
}

const pascalCase = (code: string) =>
  code
    .toLowerCase()
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')

/** Headers mean the same wherever they stand, and always come: a client may rely on each that is declared. */
const shareHeaders = (headers: unknown, components: Components) =>
  Object.fromEntries(
    entries(headers).map(([name, header]) => [
      name,
      components.share('headers', name, { ...(header as Node), required: true })
    ])
  )

/** An answer; one that is a problem becomes a component named after its codes, as do its examples. */
function shareResponse(status: string, response: Node, components: Components): Node {
  const headers = shareHeaders(response['headers'], components)
  const shown = { ...response, ...(Object.keys(headers).length > 0 && { headers }) }
  if (status < '4') return shown
  const codes: string[] = []
  const content = Object.fromEntries(
    entries(response['content']).map(([type, media]) => {
      const examples = entries((media as Node)['examples']).map(([code, example]) => {
        codes.push(code)
        return [code, components.share('examples', code, example)]
      })
      return [type, { ...(media as Node), examples: Object.fromEntries(examples) as Node }]
    })
  )
  const name = codes.map(pascalCase).join('Or') + ('RateLimit-Limit' in headers ? '' : 'Unlimited')
  return components.share('responses', name, { ...shown, content })
}

/** The body as the route takes it: whether it has to come, and with the examples of the route. */
const describeBody = (body: Node, optional: boolean, examples: unknown): Node => ({
  required: !optional,
  content: Object.fromEntries(
    entries(body['content']).map(([type, media]) => [
      type,
      { ...(media as Node), ...(isNode(examples) && { examples }) }
    ])
  )
})

function shareInOperation(operation: Node, components: Components): Node {
  const {
    'x-optional-body': optionalBody,
    'x-body-examples': bodyExamples,
    requestBody,
    responses,
    ...rest
  } = operation
  const answers = entries(responses).map(([status, response]) => [
    status,
    shareResponse(status, response as Node, components)
  ])
  return {
    ...rest,
    ...(isNode(requestBody) && {
      requestBody: describeBody(requestBody, optionalBody === true, bodyExamples)
    }),
    responses: Object.fromEntries(answers) as Node
  }
}

const sorted = (value: Node) => Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))

/**
 * The document with all that is said more than once said once, as a named component: titled schemas, headers,
 * problems and their examples. Paths and names come sorted, so that the same routes make the same text.
 */
export function shareComponents<T extends AnyDocument>(document: T): T {
  const components = new Components((document.components ?? {}) as Node)
  const schemas = components.byKind['schemas'] ?? {}
  for (const [name, schema] of Object.entries(schemas)) {
    schemas[name] = entries(schema).length > 0 ? nameSchemas(schema, components) : schema
  }
  const paths = entries(nameSchemas(document.paths, components)).map(([path, operations]) => [
    path,
    Object.fromEntries(
      entries(operations).map(([method, operation]) => [
        method,
        shareInOperation(operation as Node, components)
      ])
    )
  ])
  const named = Object.entries(components.byKind).map(([kind, values]) => [kind, sorted(values)])
  return {
    ...document,
    components: sorted(Object.fromEntries(named) as Node),
    paths: sorted(Object.fromEntries(paths) as Node)
  }
}
