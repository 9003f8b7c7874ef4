import type { FastifyPluginAsync } from 'fastify'

/** The contract itself. It only changes with the code, so it is made once; clients ask for it again by its ETag. */
const document: FastifyPluginAsync = async (fastify) => {
  const serve = (url: string, type: string, make: () => string) => {
    let text: string | undefined
    fastify.route({
      method: 'GET',
      url,
      config: { access: 'public', limit: 'unlimited', cache: { ttl: 60, vary: 'public', tags: ['openapi'] } },
      schema: { hide: true },
      handler: async (_request, reply) => {
        text ??= make()
        void reply.type(type).serializer(String)
        return text
      }
    })
  }
  serve('.json', 'application/json; charset=utf-8', () => JSON.stringify(fastify.openapi.v31()))
  serve('-3.0.json', 'application/json; charset=utf-8', () => JSON.stringify(fastify.openapi.v30()))
  serve('.yaml', 'application/yaml; charset=utf-8', () => fastify.openapi.yaml())
}
export default document
