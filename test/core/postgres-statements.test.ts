import { sql } from 'kysely'
import { type Test, test } from 'tap'
import type { Db } from '../../core/database/database.ts'
import { migrateUp } from '../../core/database/migrator.ts'
import { openDatabase } from '../../core/database/open.ts'
import { prepare, type Value } from '../../core/database/prepared.ts'
import { administer, postgresServer, scratchPostgres } from '../database.ts'
import { noPgbouncer, startPgbouncer } from '../pgbouncer.ts'

// What is built once is planned once for each connection, where it leads to the server itself.

const server = postgresServer ?? ''
const onPostgres =
  postgresServer === undefined ? { skip: 'TEST_DATABASE_URL names no PostgreSQL server' } : {}

const findAccount = prepare((db, value: Value<{ name: string }>) =>
  db.selectFrom('users').select(['id', 'username']).where('username', '=', value('name'))
)

/** A database that has been migrated, through one connection. */
async function open(t: Test, url: string): Promise<Db> {
  const db = openDatabase(url)
  t.teardown(() => db.destroy())
  await migrateUp(db)
  return db
}

/** How often each statement has run that the connection keeps. */
async function kept(db: Db) {
  const { rows } = await sql<{ runs: number }>`select generic_plans + custom_plans as runs
    from pg_prepared_statements where statement like '%users%' and name like 'gatehouse%'`.execute(db)
  return rows.map(({ runs }) => runs)
}

test('what is built once is planned once, and nothing else is kept', onPostgres, async (t) => {
  const db = await open(t, await scratchPostgres(t, server))
  for (const name of ['one', 'two', 'three']) t.same((await findAccount(db, { name })).rows, [])
  await db.selectFrom('users').select('id').where('username', '=', 'one').execute()
  t.same(await kept(db), [3])
})

test('a column that is given another type costs a connection one query', onPostgres, async (t) => {
  const url = await scratchPostgres(t, server)
  const db = await open(t, url)
  await findAccount(db, { name: 'one' })
  await administer(url, 'alter table users alter column username type varchar(200)')
  await t.rejects(findAccount(db, { name: 'one' }), { code: '0A000' })
  t.same((await findAccount(db, { name: 'one' })).rows, [])
  t.same(await kept(db), [1], 'on another connection')
})

test('what fails for another reason costs no connection', onPostgres, async (t) => {
  const db = await open(t, await scratchPostgres(t, server))
  const divide = prepare((db, value: Value<{ by: number }>) =>
    db.selectNoFrom(sql<number>`10 / ${value('by')}::integer`.as('result'))
  )
  const pid = async () => (await sql`select pg_backend_pid() as pid`.execute(db)).rows
  t.same((await divide(db, { by: 5 })).rows, [{ result: 2 }])
  const before = await pid()
  await t.rejects(divide(db, { by: 0 }), { code: '22012' })
  t.same(await pid(), before)
})

test(
  'a connection that has not what it should, as behind a pooler that does not show, is not used again',
  onPostgres,
  async (t) => {
    const db = await open(t, await scratchPostgres(t, server))
    await findAccount(db, { name: 'one' })
    const { rows } = await sql<{ name: string }>`select name from pg_prepared_statements
      where statement like '%users%'`.execute(db)
    t.equal(rows.length, 1)
    await sql`deallocate all`.execute(db)
    await t.rejects(findAccount(db, { name: 'one' }), { code: '26000' })
    t.same((await findAccount(db, { name: 'one' })).rows, [])

    const other = await open(t, await scratchPostgres(t, server))
    await sql.raw(`prepare ${rows[0]?.name} as select 1`).execute(other)
    await t.rejects(findAccount(other, { name: 'one' }), { code: '42P05' })
    t.same((await findAccount(other, { name: 'one' })).rows, [])
  }
)

test(
  'behind a pooler that hands out connections by transaction nothing is kept',
  noPgbouncer !== undefined && postgresServer !== undefined ? { skip: noPgbouncer } : onPostgres,
  async (t) => {
    const db = await open(t, await startPgbouncer(t, await scratchPostgres(t, server)))
    t.same((await findAccount(db, { name: 'one' })).rows, [])
    t.same(await kept(db), [])
  }
)
