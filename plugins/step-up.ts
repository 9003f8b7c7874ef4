import fp from 'fastify-plugin'
import { requireUser, SessionNeeded } from '../core/access/caller.ts'
import { ReauthenticationNeeded, requireFresh } from '../core/access/step-up.ts'
import { milliseconds } from '../core/config/environment.ts'
import { addToContract } from '../core/contract/contract.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** How long ago the caller may have proved who they are, such as `10m`. */
    fresh?: string
  }
}

/** So long ago at most, in milliseconds: what a session of a day is asked for is no step-up. */
const longest = 86_400_000

/** Asking again before what matters: the 401 of RFC 9470, from each route's `fresh`. */
export default fp(
  async (fastify) => {
    fastify.pipeline.before('stepUp', (route) => {
      const fresh: unknown = route.config?.fresh
      if (fresh === undefined) return undefined
      const name = `${String(route.method)} ${route.url}`
      const maxAge = typeof fresh === 'string' ? milliseconds(fresh) : NaN
      if (!(maxAge >= 1_000 && maxAge <= longest && maxAge % 1_000 === 0)) {
        throw new Error(
          `${name} declares fresh: ${JSON.stringify(fresh)}. It takes a duration of whole seconds such as 10m, up to 24h`
        )
      }
      if (route.config?.access === 'public')
        throw new Error(`${name} is public and declares fresh: nobody there has signed in`)
      addToContract(route, {
        extension: { 'x-step-up': { max_age: maxAge / 1_000 } },
        problems: [ReauthenticationNeeded, SessionNeeded]
      })
      return function stepUp(request, _reply, done) {
        requireFresh(requireUser(request), maxAge)
        done()
      }
    })
  },
  { name: 'step-up', dependencies: ['pipeline'] }
)
