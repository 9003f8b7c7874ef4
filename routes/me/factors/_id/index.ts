import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { holdCaller, requireUser } from '../../../../core/access/caller.ts'
import { asTokenInvalid, lockUser } from '../../../../core/accounts/users.ts'
import { write } from '../../../../core/database/transaction.ts'
import { afterLostFactor } from '../../../../core/factors/consequences.ts'
import { deleteFactor, FactorNotFound, getFactor } from '../../../../core/factors/factors.ts'
import { Factor, FactorParams } from '../../../../schemas/factors.ts'
import { NoContent, ref } from '../../../../schemas/types.ts'

const factor: FastifyPluginAsyncTypebox = async (fastify) => {
  const { config, db } = fastify

  fastify.route({
    method: 'GET',
    url: '',
    config: { access: 'authenticated', session: true, whileUnenrolled: true, problems: [FactorNotFound] },
    schema: {
      operationId: 'getMyFactor',
      summary: 'Read one of your second factors',
      description: 'Its seed is shown when it is added, and never again.',
      tags: ['Me'],
      params: FactorParams,
      response: { 200: ref(Factor, 'The factor.') }
    },
    handler: async (request) => getFactor(db, requireUser(request).id, request.params.id)
  })

  fastify.route({
    method: 'DELETE',
    url: '',
    config: { access: 'authenticated', fresh: '10m', whileUnenrolled: true, problems: [FactorNotFound] },
    schema: {
      operationId: 'removeFactor',
      summary: 'Remove one of your second factors',
      description: 'With the last one the recovery codes go too. You are told by mail.',
      tags: ['Me'],
      params: FactorParams,
      response: { 204: NoContent('Removed.') }
    },
    handler: async (request, reply) => {
      const { id } = requireUser(request)
      await write(db, async (tx) => {
        await lockUser(tx, id).catch(asTokenInvalid)
        await holdCaller(tx, request)
        const removed = await deleteFactor(tx, id, request.params.id)
        if (removed.confirmed_at !== null) await afterLostFactor(tx, request, config, id, removed)
      })
      return reply.code(204).send()
    }
  })
}
export default factor
