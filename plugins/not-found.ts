import fp from 'fastify-plugin'
import findMyWay from 'find-my-way'
import { MethodNotAllowed, NotFound } from './errors/kinds.ts'

/** An unknown path is a 404, a known path with another method a 405 with Allow; both cost the caller's budget. */
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

    const refusal = (url: string) => {
      const found = paths.find('GET', url.split('?', 1)[0] ?? '/')
      if (!found) return new NotFound()
      const allow = [...(methodsByPath.get(String(found.store)) ?? [])].sort().join(', ')
      return new MethodNotAllowed(allow).with({ headers: { allow } })
    }

    // Before the body is read: what leads nowhere is not worth parsing.
    fastify.addHook('onRequest', (request, reply, done) => {
      if (request.is404) fastify.countUnknown(request, reply, (error) => done(error ?? refusal(request.url)))
      else done()
    })
    // For a handler that calls reply.callNotFound().
    fastify.setNotFoundHandler((request) => {
      throw refusal(request.url)
    })
  },
  { name: 'not-found', dependencies: ['errors', 'limits'] }
)
