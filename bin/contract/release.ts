import Fastify from 'fastify'
import fp from 'fastify-plugin'
import { randomBytes } from 'node:crypto'
import service from '../../app.ts'
import { loadConfig } from '../../core/config/load.ts'
import { serverOptions } from '../../server/options.ts'

/** Where the released document is kept, from the root of the repository. */
export const documentFile = 'openapi.json'

/** The documents of a server in production with the default configuration: OpenAPI 3.1, and the same as 3.0.3. */
export async function releaseDocuments() {
  const secret = () => randomBytes(48).toString('base64url')
  const config = loadConfig({
    NODE_ENV: 'production',
    DATABASE_URL: ':memory:',
    JWT_SECRET: secret(),
    DATA_KEY: randomBytes(32).toString('base64'),
    ADMIN_PASSWORD: secret(),
    LOG_LEVEL: 'silent'
  })
  const app = Fastify({ ...serverOptions(config), pluginTimeout: 60_000 })
  await app.register(fp(service), { config })
  await app.ready()
  const documents = { v31: app.openapi.v31(), v30: app.openapi.v30() }
  await app.close()
  return documents
}

/** How a document is written: two documents that say the same have the same text. */
export const printed = (document: object) => `${JSON.stringify(document, null, 2)}\n`
