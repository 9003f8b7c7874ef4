import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { requireSession } from '../../../../../core/access/caller.ts'
import { BeyondOwnPermissions } from '../../../../../core/accounts/governance.ts'
import { locationHeader } from '../../../../../core/contract/headers.ts'
import { answerOnce } from '../../../../../core/idempotency/once.ts'
import { KeyNotFound, KeyReplaced, rotateKey, TooManyKeys } from '../../../../../core/keys/keys.ts'
import { ApiKeyMade, ApiKeyParams } from '../../../../../schemas/api-keys.ts'
import { ref } from '../../../../../schemas/types.ts'

const rotation: FastifyPluginAsyncTypebox = async (fastify) => {
  const { config, db } = fastify

  fastify.route({
    method: 'POST',
    url: '',
    config: {
      access: 'authenticated',
      fresh: '10m',
      idempotent: true,
      problems: [KeyNotFound, KeyReplaced, TooManyKeys, BeyondOwnPermissions]
    },
    schema: {
      operationId: 'rotateMyKey',
      summary: 'Replace one of your keys',
      description:
        'Makes a key that may do the same, for as long again. The one before stays good for 24 hours.',
      tags: ['Keys'],
      params: ApiKeyParams,
      response: { 201: ref(ApiKeyMade, 'The new key, which is shown this once.', locationHeader) }
    },
    handler: async (request, reply) =>
      answerOnce(db, request, reply, async (tx) => {
        const made = await rotateKey(tx, request, config, requireSession(request).id, request.params.id)
        return { status: 201, headers: { location: `/me/keys/${made.id}` }, body: made }
      })
  })
}
export default rotation
