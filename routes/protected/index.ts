import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { requireUser } from '../../core/access/caller.ts'
import { RoleName } from '../../schemas/roles.ts'

const Welcome = Type.Object(
  {
    message: Type.String({ maxLength: 100, pattern: '^Welcome .*!$', examples: ['Welcome admin!'] }),
    role: RoleName,
    authenticated: Type.Boolean({ examples: [true] })
  },
  { title: 'Welcome', description: 'Who is signed in.', additionalProperties: false }
)

const route: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.route({
    method: 'GET',
    url: '',
    config: { access: 'authenticated' },
    schema: {
      operationId: 'getProtected',
      summary: 'Greet whoever is signed in',
      description: 'Tells whose token was sent, and with which role.',
      tags: ['Authentication'],
      response: { 200: Welcome }
    },
    handler: (request) => {
      const { username, role } = requireUser(request)
      return { message: `Welcome ${username}!`, role, authenticated: true }
    }
  })
}
export default route
