import autoload from '@fastify/autoload'
import Fastify, { type FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { loadConfig } from '../plugins/config.ts'
import { serverOptions } from '../server/options.ts'
import { compiled } from './processes.ts'

/** The service without the plugin that WITHOUT names, to see what it costs. */
const left = process.env['WITHOUT'] ?? ''

const nothing = () => undefined

/** What others expect of a plugin that is left out. */
const replacements: Record<string, (fastify: FastifyInstance) => void> = {
  limits: (fastify) => fastify.decorate('countUnknown', (_request, _reply, done) => done()),
  cache: (fastify) => fastify.decorate('purge', nothing)
}

const config = loadConfig(process.env)
const fastify = Fastify(serverOptions(config))
if (left !== '' && left !== 'auth') {
  const replace = replacements[left] ?? nothing
  await fastify.register(fp(async (instance) => replace(instance), { name: left }))
}
await fastify.register(autoload, {
  dir: compiled('plugins'),
  dirNameRoutePrefix: false,
  forceESM: true,
  options: { config },
  ignoreFilter: (path) => left !== 'auth' && (path === `/${left}.js` || path === `/${left}/index.js`)
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
