import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { BeyondOwnPermissions } from '../../../../core/accounts/governance.ts'
import { getUser, UserNotFound } from '../../../../core/accounts/users.ts'
import { locationHeader } from '../../../../core/contract/headers.ts'
import { answerOnce } from '../../../../core/idempotency/once.ts'
import { listKeys, makeKey, NetworkRefused, TooManyKeys } from '../../../../core/keys/keys.ts'
import { CursorRefused } from '../../../../core/paging/cursor.ts'
import { ApiKeyMade, ApiKeyPage, NewApiKey } from '../../../../schemas/api-keys.ts'
import { listQuery } from '../../../../schemas/page.ts'
import { ref } from '../../../../schemas/types.ts'
import { UserParams } from '../../../../schemas/users.ts'

const keys: FastifyPluginAsyncTypebox = async (fastify) => {
  const { config, db } = fastify

  fastify.route({
    method: 'GET',
    url: '',
    config: { access: 'keys:read', problems: [CursorRefused, UserNotFound] },
    schema: {
      operationId: 'listUserKeys',
      summary: "List an account's keys",
      description: 'Newest first. The keys themselves are shown when they are made, and never again.',
      tags: ['Keys'],
      params: UserParams,
      querystring: listQuery({}),
      response: { 200: ref(ApiKeyPage, 'A page of keys.') }
    },
    handler: async ({ params, query }) => listKeys(db, (await getUser(db, params.id)).id, query)
  })

  fastify.route({
    method: 'POST',
    url: '',
    config: {
      access: 'keys:write',
      fresh: '10m',
      idempotent: true,
      problems: [UserNotFound, BeyondOwnPermissions, TooManyKeys, NetworkRefused]
    },
    schema: {
      operationId: 'createUserKey',
      summary: 'Make a key for an account',
      description:
        'It acts as the account, with the permissions that it is given, as far as the role of the account has them when it is used. Nobody can give what they lack. The owner is told by mail.',
      tags: ['Keys'],
      params: UserParams,
      body: ref(NewApiKey),
      response: { 201: ref(ApiKeyMade, 'The key, which is shown this once.', locationHeader) }
    },
    handler: async (request, reply) =>
      answerOnce(db, request, reply, async (tx) => {
        const made = await makeKey(tx, request, config, request.params.id, request.body)
        return {
          status: 201,
          headers: { location: `/users/${request.params.id}/keys/${made.id}` },
          body: made
        }
      })
  })
}
export default keys
