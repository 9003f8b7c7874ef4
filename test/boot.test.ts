import type { RouteOptions } from 'fastify'
import { sql } from 'kysely'
import { test } from 'tap'
import type { Db } from '../core/database/database.ts'
import { openDatabase } from '../core/database/open.ts'
import { sqliteOnly } from './database.ts'
import { build } from './helper.ts'

const production = {
  NODE_ENV: 'production',
  BCRYPT_COST: '10',
  JWT_SECRET: 'Qm9yZWQgbm93PyBUcnkgdGhpcyBvbmUsIGl0IGlzIGxvbmch',
  ADMIN_PASSWORD: 'a password of the operator'
}

/** A route that declares this policy. */
const odd = (config: object): RouteOptions => ({
  method: 'GET',
  url: '/odd',
  config,
  handler: async () => ({})
})

test('a route that does not say who may call it, how often, or how fresh, stops the boot', async (t) => {
  const refusals: [object, RegExp][] = [
    [{}, /GET \/odd declares no access/],
    [{ access: 'users:fly' }, /GET \/odd declares an unknown access: "users:fly"\. There is .*users:read/],
    [{ access: 'public', limit: 'often' }, /GET \/odd declares an unknown limit: "often"/],
    [{ access: 'public', limit: { perMinute: 1.5, by: 'address' } }, /GET \/odd declares an unknown limit/],
    [{ access: 'public', limit: { perMinute: 0, by: 'address' } }, /GET \/odd declares an unknown limit/],
    [{ access: 'public', limit: { perMinute: 3, by: 'name' } }, /GET \/odd declares an unknown limit/],
    [{ access: 'authenticated', fresh: 'soon' }, /GET \/odd declares fresh: "soon"\. It takes a duration/],
    [{ access: 'authenticated', fresh: 600 }, /GET \/odd declares fresh: 600\./],
    [{ access: 'authenticated', fresh: '0s' }, /GET \/odd declares fresh: "0s"\./],
    [{ access: 'authenticated', fresh: '500ms' }, /GET \/odd declares fresh: "500ms"\./],
    [{ access: 'authenticated', fresh: '2d' }, /GET \/odd declares fresh: "2d"\./],
    [{ access: 'public', fresh: '10m' }, /GET \/odd is public and declares fresh/]
  ]
  await t.rejects(
    build(t, {}, async (fastify) => {
      for (const [config, message] of refusals) t.throws(() => fastify.route(odd(config)), { message })
      fastify.route(odd({}))
    }),
    { message: /GET \/odd declares no access/ }
  )
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

test('each way to SQLite syncs as it has to', sqliteOnly, async (t) => {
  const { app, db } = await build(t)
  const of = async (database: Db, pragma: string) =>
    (await sql.raw<Record<string, number>>(`pragma ${pragma}`).execute(database)).rows[0]?.[pragma]
  t.equal(await of(db, 'synchronous'), 1, 'the service syncs the log by itself')
  t.equal(await of(db, 'wal_autocheckpoint'), 0)
  t.equal(await of(db, 'foreign_keys'), 1)
  const tool = openDatabase(app.config.DATABASE_URL)
  t.teardown(() => tool.destroy())
  t.equal(await of(tool, 'synchronous'), 2, 'a tool leaves it to SQLite')
  t.equal(await of((await build(t, { DATABASE_URL: ':memory:' })).db, 'synchronous'), 2)
})
