import fp from 'fastify-plugin'
import { presentedToken } from '../core/sessions/presented.ts'
import { type TokenSession, tokenReader } from '../core/sessions/refresh-queries.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** On a route that counts by session: the live session of the refresh token that the request presents. */
    presentedSession: TokenSession | undefined
  }
}

/** Whose session does a refresh token name? Asked before the call counts, as it counts by session; judged by nobody yet. */
export default fp(
  async (fastify) => {
    fastify.decorateRequest('presentedSession', undefined)
    fastify.pipeline.before('presented', (route) => {
      if (route.config?.limit !== 'session') return undefined
      const findByToken = tokenReader(fastify.db)
      return function presented(request, _reply, done) {
        const token = presentedToken(request)
        if (token === undefined) {
          done()
          return
        }
        findByToken(token).then((session) => {
          request.presentedSession = session
          done()
        }, done)
      }
    })
  },
  { name: 'presented', dependencies: ['db', 'pipeline'] }
)
