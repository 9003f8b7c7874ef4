import type { FastifyPluginAsync, RouteOptions } from 'fastify'
import { sql } from 'kysely'
import { test } from 'tap'
import { postgresServer } from './database.ts'
import { build } from './helper.ts'

const production = {
  NODE_ENV: 'production',
  BCRYPT_COST: '10',
  JWT_SECRET: 'Qm9yZWQgbm93PyBUcnkgdGhpcyBvbmUsIGl0IGlzIGxvbmch',
  ADMIN_PASSWORD: 'a password of the operator'
}

/** A boot with one route more, that declares this policy. */
const withRoute =
  (config: object): FastifyPluginAsync =>
  async (fastify) => {
    const route: RouteOptions = { method: 'GET', url: '/odd', config, handler: async () => ({}) }
    fastify.route(route)
  }

test('a route that does not say who may call it, or how often, stops the boot', async (t) => {
  const refusals: [object, RegExp][] = [
    [{}, /GET \/odd declares no access/],
    [{ access: 'users:fly' }, /GET \/odd declares an unknown access: "users:fly"\. There is .*users:read/],
    [{ access: 'public', limit: 'often' }, /GET \/odd declares an unknown limit: "often"/],
    [{ access: 'public', limit: { perMinute: 1.5, by: 'address' } }, /GET \/odd declares an unknown limit/]
  ]
  for (const [config, message] of refusals) await t.rejects(build(t, {}, withRoute(config)), { message })
})

test('the first accounts are made once, by the names that are configured', async (t) => {
  const accounts = async (env: Record<string, string>) => {
    const { db } = await build(t, env)
    return (await db.selectFrom('users').select(['username', 'role']).orderBy('id').execute()).map(
      ({ username, role }) => `${username} ${role}`
    )
  }
  t.same(await accounts({}), ['admin admin', 'user user'])
  t.same(await accounts({ ADMIN_USERNAME: 'root', ADMIN_PASSWORD: 'a walk in the rain' }), [
    'root admin',
    'user user'
  ])
  t.same(await accounts({ ADMIN_USERNAME: 'User', ADMIN_PASSWORD: 'a walk in the rain' }), ['User admin'])
  t.same(await accounts(production), ['admin admin'])
})

test('what SQLite acknowledges is on the disk', { skip: postgresServer && 'SQLite only' }, async (t) => {
  const { db } = await build(t)
  t.match((await sql`pragma synchronous`.execute(db)).rows, [{ synchronous: 2 }])
  t.match((await sql`pragma foreign_keys`.execute(db)).rows, [{ foreign_keys: 1 }])
})
