import fp from 'fastify-plugin'

const numeral = /^-?(?:0|[1-9]\d{0,15})$/

interface ParameterSchema {
  properties?: Record<string, { type?: string }>
}

/** Turns the texts of a query or a path into what the schema wants, only where they plainly are that. */
function read(values: unknown, { properties = {} }: ParameterSchema) {
  if (typeof values !== 'object' || values === null) return
  const texts = values as Record<string, unknown>
  for (const [name, { type }] of Object.entries(properties)) {
    const text = texts[name]
    if (typeof text !== 'string') continue
    if (type === 'integer' && numeral.test(text)) texts[name] = Number(text)
    if (type === 'boolean' && (text === 'true' || text === 'false')) texts[name] = text === 'true'
  }
}

/**
 * Reads integers and booleans of queries and paths, before they are validated. Ajv's own coercion, which is
 * switched off, would take 0x10, 1e999 and white space for numbers, and would do it in bodies too.
 */
export default fp(
  async (fastify) => {
    fastify.pipeline.before('parameters', (route) => {
      const query = route.schema?.querystring as ParameterSchema | undefined
      const params = route.schema?.params as ParameterSchema | undefined
      if (!query && !params) return undefined
      return function parameters(request, _reply, done) {
        if (query) read(request.query, query)
        if (params) read(request.params, params)
        done()
      }
    })
  },
  { name: 'parameters', dependencies: ['pipeline'] }
)
