import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { CursorRefused, readCursor } from '../../schemas/cursor.ts'
import { listQuery } from '../../schemas/page.ts'
import { ref } from '../../schemas/types.ts'
import { UserPage } from '../../schemas/users.ts'
import { listUsers } from './queries.ts'

const users: FastifyPluginAsyncTypebox = async (fastify) => {
  const { db } = fastify

  fastify.route({
    method: 'GET',
    url: '',
    config: { access: 'users:read', problems: [CursorRefused] },
    schema: {
      operationId: 'listUsers',
      summary: 'List accounts',
      description: 'In the order of their ids.',
      tags: ['Accounts'],
      querystring: listQuery({}),
      response: { 200: ref(UserPage, 'A page of accounts.') }
    },
    handler: async ({ query }) => listUsers(db, query.limit ?? 50, readCursor(query.cursor, ['number'])?.[0])
  })
}
export default users
