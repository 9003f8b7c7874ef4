import fp from 'fastify-plugin'
import { linkTo } from '../core/config/public-url.ts'

/** Where a proxy puts a path before the service, what leads somewhere in it begins with PUBLIC_URL: the Location of any route. */
export default fp(
  async (fastify) => {
    const { config } = fastify
    if (config.PUBLIC_URL === undefined) return
    fastify.addHook('onSend', function location(_request, reply, payload, done) {
      const place = reply.getHeader('location')
      if (typeof place === 'string' && /^\/(?!\/)/.test(place))
        reply.header('location', linkTo(config, place))
      done(null, payload)
    })
  },
  { name: 'public-url', dependencies: ['config'] }
)
