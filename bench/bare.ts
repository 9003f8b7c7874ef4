import Fastify from 'fastify'

/** What everything is measured against: Fastify alone, one JSON answer with a schema, no log. */
const fastify = Fastify()
const hello = { type: 'object', properties: { hello: { type: 'string' } } }
fastify.get('/', { schema: { response: { 200: hello } } }, async () => ({ hello: 'world' }))
await fastify.listen({ host: '127.0.0.1', port: Number(process.env['PORT']) })
