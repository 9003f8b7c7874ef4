import { sql } from 'kysely'
import { test } from 'tap'
import { openDatabase } from '../../core/database/open.ts'
import { administer, postgresServer, scratchPostgres } from '../database.ts'
import { build } from '../helper.ts'
import { noPgbouncer, startPgbouncer } from '../pgbouncer.ts'

// Servers that are set up otherwise, and what may stand before one.

const onPostgres =
  postgresServer === undefined ? { skip: 'TEST_DATABASE_URL names no PostgreSQL server' } : {}
const server = postgresServer ?? ''

/** A sign-in: it writes. */
const credentials = { username: 'admin', password: 'password123' }

test(
  'three instances work through a PgBouncer that hands out connections by transaction',
  noPgbouncer !== undefined && postgresServer !== undefined ? { skip: noPgbouncer } : onPostgres,
  async (t) => {
    const direct = await scratchPostgres(t, server)
    const { pathname } = new URL(direct)
    await administer(server, `alter database "${pathname.slice(1)}" set datestyle to 'German'`)
    const DATABASE_URL = await startPgbouncer(t, direct)
    // They start at once, and one of them migrates.
    const instances = await Promise.all([1, 2, 3].map(() => build(t, { DATABASE_URL })))
    const asked = instances.map(async ({ app, session }, instance) => {
      const { headers, refreshToken } = await session('admin')
      const answers = Array.from({ length: 20 }, (_, index) => {
        const username = `account-${instance}-${index}`
        const payload = { username, password: 'correct horse battery', role: 'user' }
        return [
          app.inject({ method: 'POST', url: '/users', headers, payload }),
          app.inject({ method: 'POST', url: '/refresh', payload: { refresh_token: refreshToken } }),
          app.inject({ url: '/audit', headers })
        ]
      })
      const statuses = (await Promise.all(answers.flat())).map(({ statusCode }) => statusCode)
      t.same(statuses, Array.from({ length: 20 }, () => [201, 200, 200]).flat())
      const me = await app.inject({ url: '/me', headers })
      t.match(me.json(), { created_at: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/ })
    })
    await Promise.all(asked)

    // What is left on the server is nobody's: no lock, and no setting of a session that another client would meet.
    const other = openDatabase(DATABASE_URL)
    t.teardown(() => other.destroy())
    const locks = await sql<{ count: number }>`select count(*) as count from pg_locks
      where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`.execute(
      other
    )
    t.same(locks.rows, [{ count: 0 }])
    const { rows } = await sql<{ name: string }>`select name from pg_settings
      where source = 'session' and name ~ 'timeout$|isolation'`.execute(other)
    t.same(rows, [])
  }
)

test('what a database or a role has as a default changes nothing', onPostgres, async (t) => {
  const url = await scratchPostgres(t, server)
  const name = new URL(url).pathname.slice(1)
  for (const setting of [
    "datestyle to 'SQL, DMY'",
    "timezone to 'Asia/Kathmandu'",
    "client_encoding to 'LATIN1'",
    'standard_conforming_strings to off',
    "default_transaction_isolation to 'serializable'",
    "intervalstyle to 'sql_standard'",
    'lock_timeout to 1',
    'extra_float_digits to 0',
    "bytea_output to 'escape'"
  ])
    await administer(server, `alter database "${name}" set ${setting}`)
  const { app, as } = await build(t, { DATABASE_URL: url })
  const headers = await as('admin')
  const username = 'Zoë\u4e2d\u6587'
  const made = await app.inject({
    method: 'POST',
    url: '/users',
    headers,
    payload: { username, password: 'correct horse battery', role: 'user' }
  })
  t.equal(made.statusCode, 201)
  const user = made.json<{ id: number; username: string; created_at: string }>()
  t.equal(user.username, username)
  t.ok(Math.abs(Date.parse(user.created_at) - Date.now()) < 600_000)
  const listed = await app.inject({ url: '/users?q=zo', headers })
  t.same(listed.json<{ users: unknown[] }>().users, [user])
  const since = encodeURIComponent(user.created_at)
  const entries = await app.inject({ url: `/audit?since=${since}&action=user.create`, headers })
  t.equal(entries.json<{ entries: unknown[] }>().entries.length, 1)
})

test(
  'a database that cannot hold every name, or has no schema, is refused at the start by name',
  onPostgres,
  async (t) => {
    const url = await scratchPostgres(t, server)
    const name = new URL(url).pathname.slice(1)
    await administer(server, `drop database "${name}"`)
    await administer(server, `create database "${name}" encoding 'LATIN1' locale 'C' template template0`)
    await t.rejects(build(t, { DATABASE_URL: url }), { message: /DATABASE_URL has the encoding LATIN1/ })

    await administer(server, `drop database "${name}"`)
    await administer(server, `create database "${name}"`)
    await administer(server, `alter database "${name}" set search_path to nowhere`)
    await t.rejects(build(t, { DATABASE_URL: url }), { message: /search_path .* nowhere, names no schema/ })
  }
)

test(
  'while a PostgreSQL server only reads, every change is a 503 and the rest goes on',
  onPostgres,
  async (t) => {
    const url = await scratchPostgres(t, server)
    const name = new URL(url).pathname.slice(1)
    const writable = await build(t, { DATABASE_URL: url })
    const { headers, refreshToken } = await writable.session('admin')
    await administer(server, `alter database "${name}" set default_transaction_read_only to on`)
    // Nothing is to be migrated: it starts.
    const { app } = await build(t, { DATABASE_URL: url })
    const changes = [
      { method: 'POST' as const, url: '/login', payload: credentials },
      { method: 'POST' as const, url: '/refresh', payload: { refresh_token: refreshToken } },
      { method: 'PATCH' as const, url: '/me', headers, payload: { username: 'another' } },
      { method: 'DELETE' as const, url: '/users/2', headers: { ...headers, 'if-match': '*' } },
      { method: 'POST' as const, url: '/logout', headers }
    ]
    for (const change of changes) {
      const answer = await app.inject(change)
      t.equal(answer.statusCode, 503, change.url)
      t.match(answer.json(), { code: 'DATABASE_READ_ONLY' })
      t.equal(answer.headers['retry-after'], '10')
    }
    t.equal((await app.inject({ url: '/users', headers })).statusCode, 200)
  }
)
