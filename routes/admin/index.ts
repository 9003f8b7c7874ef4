import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { caller } from '../../plugins/rbac.ts'
import { RoleName } from '../../schemas/roles.ts'

const features = ['User Management', 'System Configuration', 'Analytics']

const AdminPanel = Type.Object(
  {
    message: Type.String({ maxLength: 100, pattern: '^.*$', examples: ['Welcome to the admin panel!'] }),
    admin_features: Type.Array(Type.String({ maxLength: 100, pattern: '^.*$' }), {
      maxItems: 20,
      examples: [features]
    }),
    admin_level: RoleName
  },
  { title: 'AdminPanel', description: 'What the admin panel offers.', additionalProperties: false }
)

const admin: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.route({
    method: 'GET',
    url: '',
    config: { access: 'admin:read' },
    schema: {
      operationId: 'getAdminPanel',
      summary: 'Open the admin panel',
      description: 'For callers whose role has the permission admin:read.',
      tags: ['Demonstrations'],
      response: { 200: AdminPanel }
    },
    handler: (request) => ({
      message: 'Welcome to the admin panel!',
      admin_features: features,
      admin_level: caller(request).role
    })
  })
}
export default admin
