import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { PermissionPage, permissionNames, permissions } from '../../schemas/access.ts'
import { CursorRefused } from '../../core/paging/cursor.ts'
import { pageOfArray } from '../../core/paging/page.ts'
import { listQuery } from '../../schemas/page.ts'
import { ref } from '../../schemas/types.ts'

const Filter = listQuery({
  q: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 50,
      pattern: '^[a-z:_-]+$',
      description: 'How the name begins.',
      examples: ['users:']
    })
  )
})

/** By name, as every list has an order. */
const registry = permissionNames.map((name) => ({ name, description: permissions[name] }))
registry.sort((a, b) => (a.name < b.name ? -1 : 1))

const route: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.route({
    method: 'GET',
    url: '',
    config: { access: 'roles:read', problems: [CursorRefused] },
    schema: {
      operationId: 'listPermissions',
      summary: 'List the permissions that a role can have',
      description: 'The permissions that this server knows, with what each allows.',
      tags: ['Roles'],
      querystring: Filter,
      response: { 200: ref(PermissionPage, 'A page of the registry.') }
    },
    handler: ({ query: { q = '', ...page } }) => {
      const found = registry.filter(({ name }) => name.startsWith(q))
      const { rows, next_cursor } = pageOfArray(found, page, 'name')
      return { permissions: rows, next_cursor }
    }
  })
}
export default route
