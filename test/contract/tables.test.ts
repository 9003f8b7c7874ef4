import type { TSchema } from '@sinclair/typebox'
import { test } from 'tap'
import { migrateDown, migrateUp, pendingMigrations } from '../../core/database/migrator.ts'
import { openDatabase } from '../../core/database/open.ts'
import { tables } from '../../schemas/database.ts'
import { postgresServer, scratchDatabase } from '../database.ts'

/** The column that a member of a row has to have in this database. */
function expected(schema: TSchema) {
  const type: unknown = schema['type']
  const types = [type].flat()
  const number = schema['format'] === 'int64' ? 'long' : 'integer'
  const kind = types.includes('integer') ? number : schema['format'] === 'date-time' ? 'instant' : 'text'
  const names = postgresServer
    ? { integer: 'int4', long: 'int8', instant: 'timestamptz', text: 'text' }
    : { integer: 'INTEGER', long: 'INTEGER', instant: 'TEXT', text: 'TEXT' }
  return { type: names[kind].toLowerCase(), nullable: types.includes('null') }
}

test('the row schemas are the migrated database, column for column', async (t) => {
  const db = openDatabase(await scratchDatabase(t))
  t.teardown(() => db.destroy())
  await migrateUp(db)
  const migrated = (await db.introspection.getTables())
    .filter(({ isView }) => !isView)
    .map(({ name, columns }) => [
      name,
      Object.fromEntries(
        columns.map(({ name, dataType, isNullable }) => [
          name,
          { type: dataType.toLowerCase(), nullable: isNullable }
        ])
      )
    ])
  const declared = Object.entries(tables).map(([name, row]) => [
    name,
    Object.fromEntries(
      Object.entries<TSchema>(row.properties).map(([column, schema]) => [column, expected(schema)])
    )
  ])
  t.same(Object.fromEntries(migrated), Object.fromEntries(declared))
})

test('every migration can be taken back and applied again', async (t) => {
  const db = openDatabase(await scratchDatabase(t))
  t.teardown(() => db.destroy())
  const shape = async () => JSON.stringify(await db.introspection.getTables())
  const applied = await migrateUp(db)
  const before = await shape()
  t.same(await pendingMigrations(db), [])
  for (const name of applied.toReversed()) t.equal(await migrateDown(db), name)
  t.same(await db.introspection.getTables(), [])
  t.equal(await migrateDown(db), undefined)
  t.same(await migrateUp(db), applied)
  t.equal(await shape(), before)
  t.same(await migrateUp(db), [])
})
