import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { OwnLimits } from '../../../schemas/limits.ts'
import { ref } from '../../../schemas/types.ts'

const limits: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.route({
    method: 'GET',
    url: '',
    // A budget of its own: whoever looks spends none of the others.
    config: { access: 'authenticated', limit: { perMinute: 60, by: 'account' } },
    schema: {
      operationId: 'getOwnLimits',
      summary: 'See your limits before they are spent',
      description:
        'The budget that most routes share, and that of each route with one of its own, as far as you may call it. Looking spends nothing of them.',
      tags: ['Me'],
      response: { 200: ref(OwnLimits, 'Your budgets, the shared one first.') }
    },
    handler: async (request) => ({ limits: await fastify.limits.standing(request) })
  })
}
export default limits
