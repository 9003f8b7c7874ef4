import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { sql } from 'kysely'
import { pendingMigrations } from '../../plugins/db/migrator.ts'
import { defineProblem } from '../../schemas/problems.ts'
import { StringEnum } from '../../schemas/types.ts'

const NotReady = defineProblem('NOT_READY', 503, 'Not ready', {
  detail: 'Not ready: %s.',
  about: 'The service runs but cannot do its work; `detail` says what is wrong. It recovers by itself.'
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
    )
  },
  { title: 'Readiness', description: 'The service can do its work.', additionalProperties: false }
)

const health: FastifyPluginAsyncTypebox = async (fastify) => {
  const { db, redis } = fastify

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
      description: 'Ready when the database answers and every migration is applied.',
      tags: ['Operation'],
      response: { 200: Readiness }
    },
    handler: async ({ log }) => {
      let fault: string | undefined
      try {
        await sql`select 1`.execute(db)
        const pending = await pendingMigrations(db)
        if (pending.length > 0) fault = `migrations to apply: ${pending.join(', ')}`
      } catch (error) {
        log.error({ err: error }, 'not ready')
        fault = 'the database does not answer'
      }
      if (fault) throw new NotReady(fault).with({ headers: { 'retry-after': '5' } })
      return {
        status: 'ok' as const,
        ...(redis && { redis: redis.up ? ('up' as const) : ('away' as const) })
      }
    }
  })
}
export default health
