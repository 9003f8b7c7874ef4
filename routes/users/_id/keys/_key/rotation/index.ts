import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { BeyondOwnPermissions } from '../../../../../../core/accounts/governance.ts'
import { UserNotFound } from '../../../../../../core/accounts/users.ts'
import { locationHeader } from '../../../../../../core/contract/headers.ts'
import { answerOnce } from '../../../../../../core/idempotency/once.ts'
import { KeyNotFound, KeyReplaced, rotateKey, TooManyKeys } from '../../../../../../core/keys/keys.ts'
import { ApiKeyMade, UserApiKeyParams } from '../../../../../../schemas/api-keys.ts'
import { ref } from '../../../../../../schemas/types.ts'

const rotation: FastifyPluginAsyncTypebox = async (fastify) => {
  const { config, db } = fastify

  fastify.route({
    method: 'POST',
    url: '',
    config: {
      access: 'keys:write',
      fresh: '10m',
      idempotent: true,
      problems: [UserNotFound, KeyNotFound, KeyReplaced, TooManyKeys, BeyondOwnPermissions]
    },
    schema: {
      operationId: 'rotateUserKey',
      summary: "Replace one of an account's keys",
      description:
        'Makes a key that may do the same, for as long again. The one before stays good for 24 hours.',
      tags: ['Keys'],
      params: UserApiKeyParams,
      response: { 201: ref(ApiKeyMade, 'The new key, which is shown this once.', locationHeader) }
    },
    handler: async (request, reply) =>
      answerOnce(db, request, reply, async (tx) => {
        const made = await rotateKey(tx, request, config, request.params.id, request.params.key)
        return {
          status: 201,
          headers: { location: `/users/${request.params.id}/keys/${made.id}` },
          body: made
        }
      })
  })
}
export default rotation
