import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import fp from 'fastify-plugin'
import type { OpenAPIV3, OpenAPIV3_1 } from 'openapi-types'
import { components } from '../../schemas/components.ts'
import { shareComponents } from './components.ts'
import { documented } from './contract.ts'
import { document } from './document.ts'
import { narrow } from './narrow.ts'

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
    for (const component of components) fastify.addSchema(component)

    const collect = async (openapi: '3.1.0' | '3.0.3', decorator: 'swagger' | 'swagger30') =>
      fastify.register(swagger, {
        openapi: { ...document, openapi },
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

    await fastify.register(swaggerUi, {
      routePrefix: '/documentation',
      uiConfig: { persistAuthorization: true, docExpansion: 'list', tryItOutEnabled: false },
      theme: { title: 'Gatehouse API', css: [{ filename: 'narrow.css', content: narrow }] },
      staticCSP: true,
      transformStaticCSP: () =>
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    })
  },
  // Before rbac and limits: the page's own files are public and unlimited, and no part of the contract.
  { name: 'openapi', dependencies: ['config'] }
)
