import type { FastifyInstance, FastifyRequest } from 'fastify'
import { test } from 'tap'
import { holdCaller } from '../../core/access/caller.ts'
import { updateUser } from '../../core/accounts/users.ts'
import type { Tx } from '../../core/database/database.ts'
import { write } from '../../core/database/transaction.ts'
import { endSessions } from '../../core/sessions/session-queries.ts'
import { NoContent } from '../../schemas/types.ts'
import { postgresServer } from '../database.ts'
import { build } from '../helper.ts'

const changes: Record<string, { change: (tx: Tx) => Promise<unknown>; status: number; code: string }> = {
  demotion: { change: (tx) => updateUser(tx, 1, { role: 'user' }), status: 403, code: 'FORBIDDEN' },
  ban: { change: (tx) => updateUser(tx, 1, { status: 'disabled' }), status: 401, code: 'TOKEN_INVALID' },
  'sign-out': { change: (tx) => endSessions(tx, 1), status: 401, code: 'TOKEN_INVALID' }
}

/** A route that whoever may change accounts may call, and what it does. */
const acting =
  (act: (tx: Tx, request: FastifyRequest) => Promise<unknown>, before?: (tx: Tx) => Promise<unknown>) =>
  async (fastify: FastifyInstance) => {
    fastify.route({
      method: 'POST',
      url: '/act',
      config: { access: 'users:write' },
      schema: {
        operationId: 'act',
        summary: 'Act',
        description: 'Acts.',
        tags: ['Operation'],
        response: { 204: NoContent('Done.') }
      },
      handler: async (request, reply) => {
        if (before) await write(fastify.db, before)
        await write(fastify.db, (tx) => act(tx, request))
        return reply.code(204).send()
      }
    })
  }

for (const [name, { change, status, code }] of Object.entries(changes)) {
  test(`after a ${name} was acknowledged, what was let through before is not done`, async (t) => {
    const { app, as } = await build(t, {}, acting(holdCaller, change))
    const answer = await app.inject({ method: 'POST', url: '/act', headers: await as('admin') })
    t.equal(answer.statusCode, status)
    t.match(answer.json(), { code })
  })
}

test(
  'who asks stays as they are until the change that they ask for is made',
  postgresServer === undefined ? { skip: 'TEST_DATABASE_URL names no PostgreSQL server' } : {},
  async (t) => {
    const held: Record<string, number> = {}
    const act = async (tx: Tx, request: FastifyRequest) => {
      await holdCaller(tx, request)
      for (const table of ['users', 'sessions', 'roles'] as const) {
        const free = await db.selectFrom(table).selectAll().forUpdate().skipLocked().execute()
        const all = await db.selectFrom(table).selectAll().execute()
        held[table] = all.length - free.length
      }
    }
    const { app, db, as } = await build(t, {}, acting(act))
    await as('user')
    const answer = await app.inject({ method: 'POST', url: '/act', headers: await as('admin') })
    t.equal(answer.statusCode, 204)
    t.same(held, { users: 1, sessions: 1, roles: 1 }, 'the rows of the caller, and no others')
  }
)
