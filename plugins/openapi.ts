import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import type { FastifyError } from 'fastify'
import fp from 'fastify-plugin'
import type { OpenAPIV3, OpenAPIV3_1 } from 'openapi-types'
import { linkTo } from '../core/config/public-url.ts'
import { shareComponents } from '../core/contract/components.ts'
import { documented } from '../core/contract/contract.ts'
import { document, serversAt } from '../core/contract/document.ts'
import { forPage, look } from '../core/contract/page.ts'
import { namedSchemas } from '../core/contract/schemas.ts'
import { NotFound } from '../core/problems/kinds.ts'
import { sendProblem } from '../core/problems/send.ts'

declare module 'fastify' {
  interface FastifyInstance {
    /** What @fastify/swagger adds under the name given to it. */
    swagger30: FastifyInstance['swagger']
    /** The contract as OpenAPI 3.1, and the same as 3.0.3. */
    openapi: { v31(): OpenAPIV3_1.Document; v30(): OpenAPIV3.Document; yaml(): string }
  }
}

/** Collects the contract of every route, and serves the documentation page. */
export default fp(
  async (fastify) => {
    for (const schema of (await namedSchemas()).values()) fastify.addSchema(schema)

    const consolePage = linkTo(fastify.config, '/console/')
    const servers = serversAt(linkTo(fastify.config, ''))
    const collect = async (openapi: '3.1.0' | '3.0.3', decorator: 'swagger' | 'swagger30') =>
      fastify.register(swagger, {
        openapi: { ...document, servers, openapi },
        decorator,
        refResolver: { buildLocalReference: (json) => json.$id as string },
        transform: ({ schema, url, route }) => {
          const isTwin = route.method === 'HEAD'
          return { schema: isTwin ? { hide: true } : documented(schema, route.config ?? {}), url }
        },
        transformObject: (made) => ('openapiObject' in made ? shareComponents(made.openapiObject) : {})
      } as const)
    await collect('3.1.0', 'swagger')
    await collect('3.0.3', 'swagger30')

    fastify.decorate('openapi', {
      v31: () => fastify.swagger() as OpenAPIV3_1.Document,
      v30: () => fastify.swagger30() as OpenAPIV3.Document,
      yaml: () => fastify.swagger({ yaml: true })
    })

    await fastify.register(async (page) => {
      // A path that leads out of the folder of its files is one where nothing is.
      page.setErrorHandler((error: FastifyError, request, reply) =>
        sendProblem(error.code === 'FST_STATIC_FORBIDDEN_PATH' ? new NotFound() : error, request, reply)
      )
      await page.register(swaggerUi, {
        routePrefix: '/documentation',
        // The page works below whatever path a proxy puts before it, and calls the server that it comes from.
        indexPrefix: '.',
        transformSpecification: (made) => forPage(made as OpenAPIV3_1.Document, consolePage),
        transformSpecificationClone: false,
        uiConfig: { persistAuthorization: true, docExpansion: 'list', tryItOutEnabled: false },
        ...look,
        staticCSP: true,
        transformStaticCSP: () =>
          "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
      })
    })
  },
  { name: 'openapi', dependencies: ['config'] }
)
