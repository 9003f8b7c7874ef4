import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { requireUser } from '../../core/access/caller.ts'
import { RoleName } from '../../schemas/roles.ts'

const features = ['User Management', 'System Configuration', 'Analytics']

const screens = {
  users: '/console/#/users',
  system: '/console/#/system',
  analytics: '/console/#/overview'
}

const screen = (example: string) => Type.String({ maxLength: 100, pattern: '^/', examples: [example] })

const links = {
  users: screen(screens.users),
  system: screen(screens.system),
  analytics: screen(screens.analytics)
}

const AdminPanel = Type.Object(
  {
    message: Type.String({ maxLength: 100, pattern: '^.*$', examples: ['Welcome to the admin panel!'] }),
    admin_features: Type.Array(Type.String({ maxLength: 100, pattern: '^.*$' }), {
      maxItems: 20,
      examples: [features]
    }),
    admin_level: RoleName,
    links: Type.Object(links, {
      description: 'Where the console has each feature.',
      additionalProperties: false
    })
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
      admin_level: requireUser(request).role,
      links: screens
    })
  })
}
export default admin
