import type { FastifyRequest } from 'fastify'
import fp from 'fastify-plugin'
import findMyWay from 'find-my-way'
import { markUnroutable, unroutableFor } from '../core/http/unroutable.ts'
import { ExpectationFailed, MethodNotAllowed, NotFound } from '../core/problems/kinds.ts'

/**
 * An unknown path is a 404, a known path with another method a 405 with Allow, and what no router may read the problem that it
 * was marked with; all cost the caller's budget.
 */
export default fp(
  async (fastify) => {
    const methodsByPath = new Map<string, Set<string>>()
    fastify.addHook('onRoute', ({ url, method }) => {
      const methods = methodsByPath.get(url) ?? new Set()
      for (const name of [method].flat()) methods.add(name)
      methodsByPath.set(url, methods)
    })

    const paths = findMyWay()
    fastify.addHook('onReady', async () => {
      for (const url of methodsByPath.keys()) paths.on('GET', url, () => undefined, url)
    })

    const refusal = ({ url, method }: FastifyRequest) => {
      const found = paths.find('GET', url.split('?', 1)[0] ?? '/')
      const methods = found && methodsByPath.get(String(found.store))
      // A route that takes the method looked behind its path, and found nothing there.
      if (!methods || methods.has(method)) return new NotFound()
      const allow = [...methods].sort().join(', ')
      return new MethodNotAllowed(allow).with({ headers: { allow } })
    }

    // Before the body is read: what leads nowhere is not worth parsing.
    fastify.pipeline.always('unknown', function unknown(request, reply, done) {
      const fault = unroutableFor(request.raw)
      if (fault === undefined && !request.is404) done()
      else fastify.countUnknown(request, reply, (error) => done(error ?? fault ?? refusal(request)))
    })
    // Node.js would answer with a bare status.
    fastify.server.on('checkExpectation', (request, response) => {
      markUnroutable(request, new ExpectationFailed())
      fastify.routing(request, response)
    })
    // For a handler that calls reply.callNotFound().
    fastify.setNotFoundHandler((request) => {
      throw refusal(request)
    })
  },
  { name: 'not-found', dependencies: ['limits', 'pipeline'] }
)
