import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { BeyondOwnPermissions } from '../../../../../core/accounts/governance.ts'
import { UserNotFound } from '../../../../../core/accounts/users.ts'
import { write } from '../../../../../core/database/transaction.ts'
import { answerOnce } from '../../../../../core/idempotency/once.ts'
import { changeKey, getKey, KeyNotFound, NetworkRefused, withdrawKey } from '../../../../../core/keys/keys.ts'
import { ApiKey, ApiKeyChanges, UserApiKeyParams } from '../../../../../schemas/api-keys.ts'
import { NoContent, ref } from '../../../../../schemas/types.ts'

const key: FastifyPluginAsyncTypebox = async (fastify) => {
  const { db } = fastify

  fastify.route({
    method: 'GET',
    url: '',
    config: { access: 'keys:read', problems: [KeyNotFound] },
    schema: {
      operationId: 'getUserKey',
      summary: "Read one of an account's keys",
      description: 'What it may do and when it was last used; not the key itself.',
      tags: ['Keys'],
      params: UserApiKeyParams,
      response: { 200: ref(ApiKey, 'The key.') }
    },
    handler: async (request) => getKey(db, request.params.id, request.params.key)
  })

  fastify.route({
    method: 'PATCH',
    url: '',
    config: {
      access: 'keys:write',
      fresh: '10m',
      idempotent: true,
      problems: [UserNotFound, KeyNotFound, BeyondOwnPermissions, NetworkRefused]
    },
    schema: {
      operationId: 'updateUserKey',
      summary: "Change one of an account's keys",
      description: 'Only the members that are sent change. It counts from the next request with the key on.',
      tags: ['Keys'],
      params: UserApiKeyParams,
      body: ref(ApiKeyChanges),
      response: { 200: ref(ApiKey, 'The key as it is now.') }
    },
    handler: async (request, reply) =>
      answerOnce(db, request, reply, async (tx) => {
        const { body, params } = request
        return { status: 200, body: await changeKey(tx, request, params.id, params.key, body) }
      })
  })

  fastify.route({
    method: 'DELETE',
    url: '',
    config: { access: 'keys:write', problems: [UserNotFound, KeyNotFound, BeyondOwnPermissions] },
    schema: {
      operationId: 'deleteUserKey',
      summary: "Withdraw one of an account's keys",
      description: 'It is good for nothing from the next request on.',
      tags: ['Keys'],
      params: UserApiKeyParams,
      response: { 204: NoContent('Withdrawn.') }
    },
    handler: async (request, reply) => {
      await write(db, (tx) => withdrawKey(tx, request, request.params.id, request.params.key))
      return reply.code(204).send()
    }
  })
}
export default key
