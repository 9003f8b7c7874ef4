import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { ReauthenticationNeeded } from '../../core/access/step-up.ts'
import { BeyondOwnPermissions, requireRoleToGive, RoleUnknown } from '../../core/accounts/governance.ts'
import { PasswordRefused } from '../../core/passwords/policy.ts'
import { UsernameRefused } from '../../core/accounts/usernames.ts'
import { insertUser, toUser, UsernameTaken, userTag } from '../../core/accounts/users.ts'
import { hashForKind, PasswordForKind } from '../../core/accounts/kinds.ts'
import { recordAudit } from '../../core/audit/record.ts'
import { answerOnce } from '../../core/idempotency/once.ts'
import { entityTagHeader, locationHeader } from '../../core/contract/headers.ts'
import { TooBusyToHash } from '../../core/passwords/hashing.ts'
import { holdCaller, SessionNeeded } from '../../core/access/caller.ts'
import { CursorRefused } from '../../core/paging/cursor.ts'
import { listQuery } from '../../schemas/page.ts'
import { RoleName } from '../../schemas/roles.ts'
import { ref, StringEnum } from '../../schemas/types.ts'
import { NewUser, User, UserKind, UserPage, UserStatus } from '../../schemas/users.ts'
import { userLister } from '../../core/accounts/list.ts'

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
  role: Type.Optional({ ...RoleName, description: 'Accounts of this role alone.' }),
  status: Type.Optional({ ...UserStatus, description: 'Accounts with this status alone.' }),
  kind: Type.Optional({ ...UserKind, description: 'Accounts of this kind alone.' }),
  sort: Type.Optional(
    StringEnum(['id', 'username'], {
      default: 'id',
      description: 'What the list is in the order of.',
      examples: ['id']
    })
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
      idempotent: true,
      problems: [
        UsernameRefused,
        PasswordRefused,
        PasswordForKind,
        RoleUnknown,
        BeyondOwnPermissions,
        ReauthenticationNeeded,
        SessionNeeded,
        UsernameTaken,
        TooBusyToHash
      ]
    },
    schema: {
      operationId: 'createUser',
      summary: 'Create an account',
      description:
        'Nobody can create an account whose role has permissions that they lack. A role that has any wants a sign-in of the last ten minutes. The account of a `service` has no password and never signs in: keys are its only way in.',
      tags: ['Accounts'],
      body: ref(NewUser),
      response: { 201: ref(User, 'The new account.', { ...entityTagHeader, ...locationHeader }) }
    },
    handler: async (request, reply) => {
      const { username, role, kind = 'person' } = request.body
      const hash = await hashForKind(passwords, request.body)
      return answerOnce(db, request, reply, async (tx) => {
        await requireRoleToGive(tx, await holdCaller(tx, request), role)
        const user = await insertUser(tx, username, hash, role, { kind })
        const changes = { username: user.username, role, ...(kind === 'service' && { kind }) }
        await recordAudit(tx, request, { action: 'user.create', target: `user:${user.id}`, changes })
        const headers = { location: `/users/${user.id}`, etag: userTag(user) }
        return { status: 201, headers, body: toUser(user) }
      })
    }
  })
}
export default users
