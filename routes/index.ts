import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { locationHeader } from '../core/contract/headers.ts'
import { version } from '../core/contract/document.ts'
import { Banner } from '../schemas/settings.ts'
import { NoContent, ref } from '../schemas/types.ts'

const path = (example: string, description: string) =>
  Type.String({ maxLength: 100, pattern: '^/', description, examples: [example] })

const Index = Type.Object(
  {
    name: Type.String({ maxLength: 50, pattern: '^.+$', examples: ['Gatehouse'] }),
    version: Type.String({ maxLength: 50, pattern: '^[0-9]', examples: [version] }),
    documentation: path('/documentation', 'The documentation page.'),
    openapi: path('/openapi.json', 'The contract.'),
    console: path('/console/', "An operator's web page."),
    banner: ref(Banner)
  },
  { title: 'Index', description: 'Where everything is.', additionalProperties: false }
)

/** Whether whoever asks is a browser that opens a page. */
const wantsPage = (accept: string | undefined) => /\btext\/html\b/i.test(accept ?? '')

const index: FastifyPluginAsyncTypebox = async (fastify) => {
  const { settings } = fastify

  fastify.route({
    method: 'GET',
    url: '/',
    config: { access: 'public' },
    schema: {
      operationId: 'getIndex',
      summary: 'Find your way',
      description:
        'Where everything is, with what an operator tells everybody. A browser is sent to the console.',
      tags: ['Operation'],
      response: {
        200: Index,
        302: { ...NoContent('To the console, for a browser.'), headers: locationHeader }
      }
    },
    handler: (request, reply) => {
      void reply.header('vary', 'Accept')
      if (wantsPage(request.headers.accept)) {
        void reply.redirect('/console/', 302)
        return
      }
      void reply.send({
        name: 'Gatehouse',
        version,
        documentation: '/documentation',
        openapi: '/openapi.json',
        console: '/console/',
        banner: settings.inForce.banner
      })
    }
  })
}
export default index
