import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Test, test } from 'tap'
import { migrateDown, migrateUp, pendingMigrations, pendingWatch } from '../../core/database/migrator.ts'
import { openDatabase } from '../../core/database/open.ts'
import { postgresServer, scratchDatabase, scratchPostgres } from '../database.ts'
import { build } from '../helper.ts'
import { temporaryFolder } from '../process.ts'
import { turnOver } from '../until.ts'

async function scratch(t: Test) {
  const db = openDatabase(await scratchDatabase(t))
  t.teardown(() => db.destroy())
  return db
}

/** A folder of migrations, each of which makes a table of its name. */
function folderOf(t: Test, names: string[], folder = temporaryFolder(t)) {
  const write = (name: string) =>
    writeFileSync(
      join(folder, `${name}.mjs`),
      `export const up = (db) => db.schema.createTable('${name}').addColumn('id', 'integer').execute()
       export const down = (db) => db.schema.dropTable('${name}').execute()`
    )
  names.forEach(write)
  return {
    url: pathToFileURL(`${folder}/`),
    add: write,
    remove: (name: string) => rmSync(join(folder, `${name}.mjs`))
  }
}

test("a builder's migrations may be dated before and after those of the next release", async (t) => {
  const db = await scratch(t)
  const folder = folderOf(t, ['2026-01-product', '2026-02-own', '2027-01-own'])
  await migrateUp(db, folder.url)
  folder.add('2026-03-product')
  folder.add('2026-01-own')
  t.same(await pendingMigrations(db, folder.url), ['2026-01-own', '2026-03-product'])
  t.same(await migrateUp(db, folder.url), ['2026-01-own', '2026-03-product'])
  t.same(await migrateUp(db, folder.url), [])
  t.equal(await migrateDown(db, undefined, folder.url), '2026-03-product', 'the last that was applied')
})

test('an older release does not start on a newer database, and says what to do', async (t) => {
  const db = await scratch(t)
  const folder = folderOf(t, ['2026-01-product', '2026-02-product', '2026-03-product', '2027-01-own'])
  await migrateUp(db, folder.url)
  folder.remove('2026-02-product')
  folder.remove('2026-03-product')
  const commands =
    /not in migrations\/ here: 2026-02-product, 2026-03-product\.\n.*make a backup.*\n.*down 2026-03-product\n.*down 2026-02-product$/
  await t.rejects(migrateUp(db, folder.url), { message: commands, stack: commands })
  await t.rejects(migrateDown(db, '2026-03-product', folder.url), /cannot be taken back here/)

  folder.add('2026-02-product')
  folder.add('2026-03-product')
  t.equal(await migrateDown(db, '2026-03-product', folder.url), '2026-03-product')
  t.equal(await migrateDown(db, '2026-02-product', folder.url), '2026-02-product')
  await t.rejects(migrateDown(db, '2026-02-product', folder.url), /is not applied/)
  folder.remove('2026-02-product')
  folder.remove('2026-03-product')
  t.same(await migrateUp(db, folder.url), [], 'now it starts')
})

test('a migration that fails leaves nothing, and those before it are applied', async (t) => {
  const db = await scratch(t)
  const folder = temporaryFolder(t)
  const { url } = folderOf(t, ['2026-01-sound'], folder)
  writeFileSync(
    join(folder, '2026-02-broken.mjs'),
    `export async function up(db) {
       await db.schema.createTable('half').addColumn('id', 'integer').execute()
       throw new Error('half-way')
     }`
  )
  await t.rejects(migrateUp(db, url), /half-way/)
  t.same(await pendingMigrations(db, url), ['2026-02-broken'])
  const tables = (await db.introspection.getTables()).map(({ name }) => name)
  t.same(tables, ['2026-01-sound'])
  writeFileSync(join(folder, '2026-03-nothing.mjs'), 'export const unrelated = 1')
  await t.rejects(migrateUp(db, url), /2026-03-nothing.mjs exports no function up/)
  writeFileSync(join(folder, '2026-03-nothing.mjs'), 'export const up = 1')
  await t.rejects(migrateUp(db, url), /2026-03-nothing.mjs exports no function up/)
})

test('a migration waits for another process that is in the way, and what else is in the folder is none', async (t) => {
  const file = join(temporaryFolder(t), 'shared.db')
  const [db, another] = [openDatabase(`file:${file}`), openDatabase(`file:${file}`)]
  t.teardown(() => Promise.all([db.destroy(), another.destroy()]))
  const folder = temporaryFolder(t)
  const { url } = folderOf(t, ['2026-01-first', '2026-02-second'], folder)
  for (const name of ['2026-01-first.d.mts', 'README.md', '2026-03-third.mjs.bak'])
    writeFileSync(join(folder, name), 'no migration')
  writeFileSync(join(folder, '2026-02-to-v1.2.mjs'), 'export const up = () => undefined')
  const names = ['2026-01-first', '2026-02-second', '2026-02-to-v1.2']
  t.same(await pendingMigrations(db, url), names)
  t.equal(await migrateDown(db, undefined, url), undefined, 'there is none to take back')

  const { promise, resolve } = Promise.withResolvers<undefined>()
  let isDone = false
  const holding = another.transaction().execute(() => promise)
  const migrating = migrateUp(db, url).finally(() => (isDone = true))
  await turnOver()
  t.notOk(isDone)
  resolve(undefined)
  await holding
  t.same(await migrating, names)
  t.equal(await migrateDown(db, '2026-01-first', url), '2026-01-first')
  t.same(await pendingMigrations(db, url), ['2026-01-first'])
})

test('what is watched for is what this code has and the database has not', async (t) => {
  const db = await scratch(t)
  const pending = await pendingWatch(db)
  t.same(await pending(), await pendingMigrations(db))
  t.ok((await pending()).length > 10)
  await migrateUp(db)
  t.same(await pending(), [])
})

test('a folder of migrations may have any name', async (t) => {
  for (const name of ['C# projects', 'what?', '100%20 & more', 'C:projects', 'grüße']) {
    const db = await scratch(t)
    const folder = join(temporaryFolder(t), name)
    mkdirSync(folder)
    folderOf(t, ['2026-01-a#1', '2026-02-b%20?'], folder)
    t.same(await migrateUp(db, pathToFileURL(`${folder}/`)), ['2026-01-a#1', '2026-02-b%20?'], name)
  }
})

test(
  'two services in one PostgreSQL database have their own tables by search_path',
  postgresServer === undefined ? { skip: 'TEST_DATABASE_URL names no PostgreSQL server' } : {},
  async (t) => {
    const shared = await scratchPostgres(t, postgresServer ?? '')
    const owner = openDatabase(shared)
    t.teardown(() => owner.destroy())
    const services = []
    // Each also sees what is in public, where the last one is.
    for (const schema of ['one', 'two', 'public']) {
      await owner.schema.createSchema(schema).ifNotExists().execute()
      const url = new URL(shared)
      url.searchParams.set('options', `-c search_path=${schema},public`)
      services.push(await build(t, { DATABASE_URL: url.href, ADMIN_USERNAME: `admin-of-${schema}` }))
    }
    for (const { app, db } of services) {
      const names = (await db.selectFrom('users').select('username').orderBy('id').execute()).map(
        ({ username }) => username
      )
      t.same(names, [app.config.ADMIN_USERNAME, 'user'])
      t.equal((await app.inject('/health/ready')).statusCode, 200)
    }
  }
)
