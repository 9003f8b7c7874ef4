import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { requireSession } from '../../../../core/access/caller.ts'
import { BeyondOwnPermissions } from '../../../../core/accounts/governance.ts'
import { write } from '../../../../core/database/transaction.ts'
import { answerOnce } from '../../../../core/idempotency/once.ts'
import { changeKey, getKey, KeyNotFound, NetworkRefused, withdrawKey } from '../../../../core/keys/keys.ts'
import { ApiKey, ApiKeyChanges, ApiKeyParams } from '../../../../schemas/api-keys.ts'
import { NoContent, ref } from '../../../../schemas/types.ts'

const key: FastifyPluginAsyncTypebox = async (fastify) => {
  const { db } = fastify

  fastify.route({
    method: 'GET',
    url: '',
    config: { access: 'authenticated', session: true, problems: [KeyNotFound] },
    schema: {
      operationId: 'getMyKey',
      summary: 'Read one of your keys',
      description: 'What it may do and when it was last used; not the key itself.',
      tags: ['Keys'],
      params: ApiKeyParams,
      response: { 200: ref(ApiKey, 'The key.') }
    },
    handler: async (request) => getKey(db, requireSession(request).id, request.params.id)
  })

  fastify.route({
    method: 'PATCH',
    url: '',
    config: {
      access: 'authenticated',
      fresh: '10m',
      idempotent: true,
      problems: [KeyNotFound, BeyondOwnPermissions, NetworkRefused]
    },
    schema: {
      operationId: 'updateMyKey',
      summary: 'Change one of your keys',
      description: 'Only the members that are sent change. It counts from the next request with the key on.',
      tags: ['Keys'],
      params: ApiKeyParams,
      body: ref(ApiKeyChanges),
      response: { 200: ref(ApiKey, 'The key as it is now.') }
    },
    handler: async (request, reply) =>
      answerOnce(db, request, reply, async (tx) => {
        const { body, params } = request
        return {
          status: 200,
          body: await changeKey(tx, request, requireSession(request).id, params.id, body)
        }
      })
  })

  fastify.route({
    method: 'DELETE',
    url: '',
    config: { access: 'authenticated', session: true, problems: [KeyNotFound, BeyondOwnPermissions] },
    schema: {
      operationId: 'deleteMyKey',
      summary: 'Withdraw one of your keys',
      description: 'It is good for nothing from the next request on.',
      tags: ['Keys'],
      params: ApiKeyParams,
      response: { 204: NoContent('Withdrawn.') }
    },
    handler: async (request, reply) => {
      await write(db, (tx) => withdrawKey(tx, request, requireSession(request).id, request.params.id))
      return reply.code(204).send()
    }
  })
}
export default key
