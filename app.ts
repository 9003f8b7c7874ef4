import './server/tick-object.ts'
import autoload from '@fastify/autoload'
import type { FastifyInstance } from 'fastify'
import { fileURLToPath } from 'node:url'
import { processEnvironment } from './core/config/env-file.ts'
import { type Config, loadConfig } from './core/config/load.ts'
import { serverOptions } from './server/options.ts'

const folder = (name: string) => fileURLToPath(new URL(name, import.meta.url))

// Read once, here: the server's own options need it before any plugin runs.
const processConfig = loadConfig(processEnvironment())

/** What `fastify start --options` makes the server with. */
export const options = serverOptions(processConfig)

/** The whole service: every plugin, then every route. A test hands a configuration of its own in. */
export default async function app(fastify: FastifyInstance, { config = processConfig }: { config?: Config }) {
  const common = { forceESM: true, options: { config } }
  await fastify.register(autoload, { ...common, dir: folder('plugins') })
  // From here on a route passes the steps that the plugins have added.
  fastify.pipeline.start()
  await fastify.register(autoload, { ...common, dir: folder('routes'), options: {}, routeParams: true })
}
