import '../server/tick-object.ts'
import autoload from '@fastify/autoload'
import Fastify from 'fastify'
import fp from 'fastify-plugin'
import { loadConfig } from '../plugins/config.ts'
import { serverOptions } from '../server/options.ts'
import { compiled } from './processes.ts'

/** The service without the plugin that WITHOUT names, to see what it costs. */
const left = process.env['WITHOUT'] ?? ''

/** These stay, as others are built on them, and do nothing. */
const emptied = ['auth', 'limits']

const config = loadConfig(process.env)
const fastify = Fastify(serverOptions(config))
if (left === 'limits') {
  fastify.addHook('onRoute', (route) => {
    route.config = { ...route.config, limit: 'unlimited' }
  })
} else if (left !== '' && left !== 'auth') {
  await fastify.register(
    fp(
      async (instance) => {
        if (left === 'cache') instance.decorate('purge', () => undefined)
      },
      { name: left }
    )
  )
}
await fastify.register(autoload, {
  dir: compiled('plugins'),
  dirNameRoutePrefix: false,
  forceESM: true,
  options: { config },
  ignoreFilter: (path) => !emptied.includes(left) && [`/${left}.js`, `/${left}/index.js`].includes(path)
})
if (left === 'auth') {
  // Everybody is one account, without a look at the token.
  const { id, username, role } = await fastify.db
    .selectFrom('users')
    .select(['id', 'username', 'role'])
    .executeTakeFirstOrThrow()
  const user = { id, username, role, sessionId: '', permissions: new Set<never>(), requestsPerMinute: 10 }
  fastify.auth.identify = (request, _reply, done) => {
    request.user = user
    done()
  }
}
await fastify.register(autoload, { dir: compiled('routes'), forceESM: true, routeParams: true })
await fastify.listen({ host: config.HOST, port: config.PORT })
