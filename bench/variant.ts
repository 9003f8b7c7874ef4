import autoload from '@fastify/autoload'
import Fastify from 'fastify'
import fp from 'fastify-plugin'
import { fileURLToPath } from 'node:url'
import { loadConfig } from '../core/config/load.ts'
import { serverOptions } from '../server/options.ts'

const folder = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url))

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
  await fastify.register(fp(async () => undefined, { name: left }))
}
await fastify.register(autoload, {
  dir: folder('plugins'),
  dirNameRoutePrefix: false,
  forceESM: true,
  options: { config },
  ignoreFilter: (path) => !emptied.includes(left) && path === `/${left}.ts`
})
if (left === 'auth') {
  // Everybody is one account, without a look at the token.
  const { id, username, role } = await fastify.db
    .selectFrom('users')
    .select(['id', 'username', 'role'])
    .executeTakeFirstOrThrow()
  const user = {
    id,
    username,
    role,
    via: 'session' as const,
    sessionId: '',
    permissions: new Set<never>(),
    requestsPerMinute: 10,
    authTime: 0,
    mustEnrol: false,
    amr: ['pwd']
  }
  fastify.auth.identify = (request, _reply, done) => {
    request.user = user
    done()
  }
}
fastify.pipeline.start()
await fastify.register(autoload, { dir: folder('routes'), forceESM: true, routeParams: true })
await fastify.listen({ host: config.HOST, port: config.PORT })
