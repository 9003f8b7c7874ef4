import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { version } from '../../core/contract/document.ts'
import { systemState } from '../../core/system/state.ts'
import { System, SystemChecks } from '../../schemas/system.ts'
import { ref } from '../../schemas/types.ts'

const system: FastifyPluginAsyncTypebox = async (fastify) => {
  const { doctor } = fastify

  fastify.route({
    method: 'GET',
    url: '',
    config: { access: 'system:read' },
    schema: {
      operationId: 'getSystem',
      summary: 'Read the state of the service',
      description:
        'As the process that answers knows it, with each variable of its configuration and where that comes from. Secrets are never shown.',
      tags: ['System'],
      response: { 200: ref(System, 'The state.') }
    },
    handler: async () => ({ version, ...(await systemState(fastify)) })
  })

  fastify.route({
    method: 'GET',
    url: '/checks',
    config: { access: 'system:read' },
    schema: {
      operationId: 'listSystemChecks',
      summary: 'Examine the service',
      description:
        'What `npm run doctor` finds: the database, the disk, keys, passwords, trust in proxies, clocks, Redis. Findings count for half a minute.',
      tags: ['System'],
      response: { 200: ref(SystemChecks, 'What each check found.') }
    },
    handler: async () => {
      const { at, findings } = await doctor.latest()
      return { at, checks: findings }
    }
  })
}
export default system
