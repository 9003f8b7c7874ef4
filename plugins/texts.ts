import type { RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { requireQuery, requireTexts } from '../core/http/texts.ts'

/** A schema of a body, as far as it tells which members are passwords. */
interface BodySchema {
  $ref?: string
  properties?: Record<string, { format?: string }>
}

/**
 * What cannot be kept as it was sent is refused, in every text of every route: PostgreSQL and SQLite would each make
 * something else of it, and two that differ might become one.
 */
export default fp(
  async (fastify) => {
    const passwordsOf = ({ schema }: RouteOptions): ReadonlySet<string> => {
      const body = schema?.body as BodySchema | undefined
      const named = body?.$ref && (fastify.getSchema(body.$ref.replace(/#$/, '')) as BodySchema | undefined)
      const members = Object.entries((named || body)?.properties ?? {})
      return new Set(members.flatMap(([name, { format }]) => (format === 'password' ? [name] : [])))
    }

    fastify.pipeline.before('texts', (route) => {
      const passwords = passwordsOf(route)
      return function texts(request, _reply, done) {
        requireQuery(request.url)
        requireTexts(request.query, '/query')
        requireTexts(request.params, '/path')
        requireTexts(request.body, '/body', passwords)
        done()
      }
    })
  },
  { name: 'texts', dependencies: ['openapi', 'pipeline'] }
)
