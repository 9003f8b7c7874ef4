import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { BeyondOwnPermissions, requireOwnRole, RoleUnknown } from '../../plugins/accounts/governance.ts'
import { checkNewPassword, PasswordRefused } from '../../plugins/accounts/password-policy.ts'
import { UsernameRefused } from '../../plugins/accounts/usernames.ts'
import { insertUser, shown, translateRefusal, UsernameTaken, userTag } from '../../plugins/accounts/users.ts'
import { recordAudit } from '../../plugins/audit/record.ts'
import { write } from '../../plugins/db/transaction.ts'
import { entityTagHeader, locationHeader } from '../../plugins/openapi/headers.ts'
import { TooBusyToHash } from '../../plugins/passwords/index.ts'
import { caller } from '../../plugins/rbac.ts'
import { CursorRefused } from '../../schemas/cursor.ts'
import { listQuery } from '../../schemas/page.ts'
import { RoleName } from '../../schemas/roles.ts'
import { ref, StringEnum } from '../../schemas/types.ts'
import { NewUser, User, UserPage, UserStatus } from '../../schemas/users.ts'
import { userLister } from './queries.ts'

const Filter = listQuery({
  q: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 50,
      pattern: '^[^\\u0000]*$',
      description: 'How the username begins, without regard to case.',
      examples: ['ad']
    })
  ),
  role: Type.Optional(RoleName),
  status: Type.Optional(UserStatus),
  sort: Type.Optional(
    StringEnum(['id', 'username'], { default: 'id', description: 'The order.', examples: ['id'] })
  )
})

const users: FastifyPluginAsyncTypebox = async (fastify) => {
  const { db, passwords } = fastify
  const listUsers = userLister(db)

  fastify.route({
    method: 'GET',
    url: '',
    config: {
      access: 'users:read',
      cache: { ttl: 30, vary: 'role', tags: ['users'] },
      problems: [CursorRefused]
    },
    schema: {
      operationId: 'listUsers',
      summary: 'List accounts',
      description: 'In the order of their ids or names, narrowed by what the query asks for.',
      tags: ['Accounts'],
      querystring: Filter,
      response: { 200: Type.Unsafe<string>(ref(UserPage, 'A page of accounts.')) }
    },
    handler: ({ query }, reply) => {
      void reply.type('application/json; charset=utf-8').serializer(String)
      return listUsers(query)
    }
  })

  fastify.route({
    method: 'POST',
    url: '',
    config: {
      access: 'users:write',
      problems: [
        UsernameRefused,
        PasswordRefused,
        RoleUnknown,
        BeyondOwnPermissions,
        UsernameTaken,
        TooBusyToHash
      ]
    },
    schema: {
      operationId: 'createUser',
      summary: 'Create an account',
      description: 'Nobody can create an account whose role has permissions that they lack.',
      tags: ['Accounts'],
      body: ref(NewUser),
      response: { 201: ref(User, 'The new account.', { ...entityTagHeader, ...locationHeader }) }
    },
    handler: async (request, reply) => {
      const { username, password, role } = request.body
      checkNewPassword(password, username)
      const hash = await passwords.hash(password)
      const user = await write(db, async (tx) => {
        await requireOwnRole(tx, caller(request), role)
        const created = await insertUser(tx, username, hash, role)
        const changes = { username: created.username, role }
        await recordAudit(tx, request, { action: 'user.create', target: `user:${created.id}`, changes })
        return created
      }).catch(translateRefusal)
      fastify.purge(['users'])
      return reply
        .code(201)
        .header('location', `/users/${user.id}`)
        .header('etag', userTag(user))
        .send(shown(user))
    }
  })
}
export default users
