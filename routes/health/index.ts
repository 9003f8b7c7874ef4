import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { defineProblem } from '../../core/problems/define.ts'
import { redisFaults } from '../../core/redis/faults.ts'
import { StringEnum } from '../../schemas/types.ts'

const NotReady = defineProblem('NOT_READY', 503, 'Not ready', {
  detail: 'Not ready: %s.',
  about:
    'The service runs but cannot do its work; `detail` says what is wrong. It recovers by itself, unless that says otherwise.'
})

const Health = Type.Object(
  { status: StringEnum(['ok'], { examples: ['ok'] }) },
  { title: 'Health', description: 'All is well.', additionalProperties: false }
)

const Readiness = Type.Object(
  {
    status: StringEnum(['ok'], { examples: ['ok'] }),
    redis: Type.Optional(
      StringEnum(['up', 'away'], {
        description:
          'While `away`, this instance counts by itself and caches nothing. Left out without Redis.',
        examples: ['up']
      })
    ),
    redis_fault: Type.Optional(
      StringEnum(redisFaults, {
        description:
          'Why it is away: it cannot be reached, is loading, full or a replica, is a node of a cluster that has our keys elsewhere, or refuses this user or a command.',
        examples: ['full']
      })
    )
  },
  { title: 'Readiness', description: 'The service can do its work.', additionalProperties: false }
)

const health: FastifyPluginAsyncTypebox = async (fastify) => {
  const { readiness, redis } = fastify

  fastify.route({
    method: 'GET',
    url: '/live',
    config: { access: 'public', limit: 'unlimited' },
    schema: {
      operationId: 'getLiveness',
      summary: 'Tell whether the process answers',
      description: 'Asks nothing of the database: what fails here is the process itself.',
      tags: ['Operation'],
      response: { 200: Health }
    },
    handler: () => ({ status: 'ok' as const })
  })

  fastify.route({
    method: 'GET',
    url: '/ready',
    config: { access: 'public', limit: 'unlimited', problems: [NotReady] },
    schema: {
      operationId: 'getReadiness',
      summary: 'Tell whether the service can do its work',
      description:
        'Ready when the database takes writes, which is tried out at most once a second, and every migration is applied.',
      tags: ['Operation'],
      response: { 200: Readiness }
    },
    handler: async () => {
      const fault = await readiness.fault()
      if (fault !== undefined) throw new NotReady(fault).with({ headers: { 'retry-after': '5' } })
      return {
        status: 'ok' as const,
        ...(redis && { redis: redis.up ? ('up' as const) : ('away' as const) }),
        ...(redis?.fault && { redis_fault: redis.fault })
      }
    }
  })
}
export default health
