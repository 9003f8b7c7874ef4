import { Type } from '@sinclair/typebox'
import { sql } from 'kysely'
import { existsSync, mkdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { onTouched, touch } from '../../core/changes/touched.ts'
import { isPostgres } from '../../core/database/backend.ts'
import { checkpoint } from '../../core/database/checkpoint-worker.ts'
import { DatabaseUnreachable } from '../../core/database/failures.ts'
import { makeFolder, makePrivately, named, naming, openToAll } from '../../core/database/file.ts'
import { jsonLines, jsonOf, withoutLast } from '../../core/database/json.ts'
import { databaseFiles, isPostgresUrl, openDatabase, readerOf, sqlitePath } from '../../core/database/open.ts'
import { prepare, prepareRead, type Value } from '../../core/database/prepared.ts'
import { commitInGroups, logOf } from '../../core/database/sqlite-log.ts'
import { onDisk, write, writeOne } from '../../core/database/transaction.ts'
import { foreignChanges } from '../../core/database/version.ts'
import { fakeClocks } from '../clock.ts'
import { withAccounts } from '../people.ts'
import { temporaryFolder } from '../process.ts'
import { turnOver } from '../until.ts'

const onPosix = process.platform === 'win32' ? { skip: 'Windows has no such modes' } : {}
const modeOf = (path: string) => statSync(path).mode & 0o777

/** A SQLite file with two rows, whatever the suite runs on; `numbers` answers those that are there. */
async function numbered(t: Test, options?: Parameters<typeof openDatabase>[1]) {
  const path = join(temporaryFolder(t), 'made', 'numbers.db')
  const db = openDatabase(`file:${path}`, options)
  t.teardown(async () => {
    await logOf(db)?.close()
    await db.destroy()
  })
  await sql`create table numbers (number integer primary key)`.execute(db)
  await sql`insert into numbers values (1), (2)`.execute(db)
  const numbers = async () =>
    (await sql<{ number: number }>`select number from numbers order by number`.execute(db)).rows.map(
      ({ number }) => number
    )
  return { db, path, numbers }
}

test('a DATABASE_URL names a server, or a file with what SQLite keeps beside it', (t) => {
  t.same(['postgres://a/b', 'postgresql://a/b'].map(isPostgresUrl), [true, true])
  t.same(['file:postgres://a', ':memory:', 'postgresqlite:x', 'postgres'].map(isPostgresUrl), [
    ...[false, false, false, false]
  ])
  t.same(['file:a.db', 'a.db', 'a file:b'].map(sqlitePath), ['a.db', 'a.db', 'a file:b'])
  t.same(databaseFiles('file:/d/a.db'), ['/d/a.db', '/d/a.db-wal', '/d/a.db-journal', '/d/a.db-shm'])
  t.same([':memory:', 'postgres://a/b'].flatMap(databaseFiles), [])
  t.end()
})

test('files and folders are made for their owner alone, and what is there stays as it is', onPosix, (t) => {
  const folder = temporaryFolder(t)
  const [made, open, own] = [join(folder, 'made'), join(folder, 'open.db'), join(folder, 'own.db')]
  makeFolder(join(made, 'within'))
  t.same([made, join(made, 'within')].map(modeOf), [0o700, 0o700])
  makeFolder(made)
  writeFileSync(open, 'content', { mode: 0o644 })
  for (const file of [open, own]) makePrivately(file)
  t.same([open, own].map(modeOf), [0o644, 0o600])
  t.same(
    [open, own].map((file) => statSync(file).size),
    [7, 0]
  )
  t.same(openToAll([open, own, join(folder, 'missing')]), [open])
  t.end()
})

test('an error of a file names it, once', (t) => {
  const error = new Error('unable to open')
  t.equal(named(error, '/d/a.db'), error)
  t.equal(error.message, '/d/a.db: unable to open')
  named(error, '/d/a.db')
  t.equal(error.message, '/d/a.db: unable to open')
  t.equal(named('thrown', '/d/a.db'), 'thrown')
  t.equal(
    naming('/d/a.db', () => 7),
    7
  )
  const refuse = () => {
    throw new Error('refused')
  }
  t.throws(() => naming('/d/a.db', refuse), { message: '/d/a.db: refused' })
  const folder = temporaryFolder(t)
  mkdirSync(join(folder, 'a.db'))
  t.throws(() => openDatabase(`file:${join(folder, 'a.db')}`), { message: /a\.db: / })
  t.end()
})

test('a SQLite file has a log that is synced, and one writer, who begins as one', async (t) => {
  const { db, path, numbers } = await numbered(t)
  if (process.platform !== 'win32') t.equal(modeOf(path), 0o600)
  const pragma = async (name: string) =>
    Object.values(
      (await sql<Record<string, unknown>>`${sql.raw(`pragma ${name}`)}`.execute(db)).rows[0] ?? {}
    )[0]
  t.same(
    await Promise.all(
      ['journal_mode', 'synchronous', 'foreign_keys', 'cache_size', 'busy_timeout'].map(pragma)
    ),
    ['wal', 2, 1, -32_768, 20]
  )
  t.notOk(isPostgres(db))
  const another = openDatabase(path)
  t.teardown(() => another.destroy())
  await db.transaction().execute(async () => {
    t.same(
      await sql`select * from numbers`.execute(another).then(({ rows }) => rows.length),
      2,
      'one may read'
    )
    await t.rejects(
      another.transaction().execute(async () => t.fail('it has begun')),
      { code: 'SQLITE_BUSY' }
    )
  })
  const failing = db.transaction().execute(async (tx) => {
    await sql`insert into numbers values (3)`.execute(tx)
    // As SQLite does by itself on a full disk.
    await sql`rollback`.execute(tx)
    throw new Error('the first')
  })
  await t.rejects(failing, { message: 'the first' })
  t.same(await numbers(), [1, 2])
})

test('what PostgreSQL alone needs is not said to SQLite, and all else is', async (t) => {
  const db = await withAccounts(t)
  const roles = db.selectFrom('users').select('role').distinct().where('id', '<', 9)
  t.same(await roles.execute(), [{ role: 'user' }])
  const locked = db.selectFrom('users').select('username').orderBy('id').limit(1).forUpdate()
  t.same(await locked.execute(), [{ username: 'ada' }])
})

test('a SQLite file has a reader, which only reads, and is told of with all other queries', async (t) => {
  const seconds: number[] = []
  const observer = { query: (took: number) => void seconds.push(took), queue: () => undefined }
  const { db, path } = await numbered(t, { observer })
  fakeClocks(t)
  t.equal(seconds.length, 2)
  const read = readerOf(db)?.prepare<{ number: number }>('select number from numbers where number > ?')
  t.same(read?.([1]), [{ number: 2 }])
  t.equal(seconds.length, 3)
  t.ok(seconds.every((took) => took >= 0 && took < 5))
  t.equal(seconds[2], 0, 'by a clock that stands still')
  const add = readerOf(db)?.prepare('insert into numbers values (3) returning number')
  t.throws(() => add?.([]), { code: 'SQLITE_READONLY' })
  t.equal(seconds.length, 4, 'also of one that fails')

  const unobserved = openDatabase(path)
  t.same(readerOf(unobserved)?.prepare('select 1 as one')([]), [{ one: 1 }])
  t.equal(seconds.length, 4)
  await foreignChanges(unobserved)
  await unobserved.destroy()
  t.throws(() => readerOf(unobserved)?.prepare('select 2'), /not open/, 'it closes with its database')
  const memory = openDatabase(':memory:')
  t.teardown(() => memory.destroy())
  t.equal(readerOf(memory), undefined)
  t.teardown(() => rmSync(':memory:', { force: true }))
  t.notOk(existsSync(':memory:'))

  const echo = prepareRead<{ text: string }, { text: string }>(db, (value) =>
    db.selectNoFrom(value('text').as('text'))
  )
  t.same(echo({ text: 'a' }), [{ text: 'a' }], 'without a promise')
  await db.destroy()
  t.notOk(existsSync(`${path}-wal`), 'it is brought into the file, and all is closed')
})

test('a query that is built once runs with the values of each run, in a database or a transaction', async (t) => {
  const db = await withAccounts(t)
  let built = 0
  const find = prepare((db, value: Value<{ name: string }>) => {
    built++
    return db
      .selectFrom('users')
      .select('id')
      .where('username', '=', value('name'))
      .where('role', '=', 'user')
  })
  t.same((await find(db, { name: 'bob' })).rows, [{ id: 2 }])
  t.same((await find(db, { name: 'nobody' })).rows, [])
  await write(db, async (tx) => t.same((await find(tx, { name: 'ada' })).rows, [{ id: 1 }]))
  t.equal(built, 1)

  const build = (value: Value<{ id: number }>) =>
    db.selectFrom('users').select('username').where('id', '=', value('id')).where('role', '=', 'user')
  const read = prepareRead<{ id: number }, { username: string }>(db, build)
  t.same(await read({ id: 2 }), [{ username: 'bob' }])
  t.same(await read({ id: 1 }), [{ username: 'ada' }])

  const memory = openDatabase(':memory:')
  t.teardown(() => memory.destroy())
  const echo = prepareRead<{ text: string }, { text: string }>(memory, (value) =>
    memory.selectNoFrom(value('text').as('text'))
  )
  t.same(await echo({ text: 'a' }), [{ text: 'a' }], 'also where there is no reader')
})

test('the database writes rows as lines of JSON, of which the last can be taken off', async (t) => {
  const db = await withAccounts(t)
  const shape = Type.Object({
    id: Type.Integer(),
    username: Type.String(),
    created_at: Type.String({ format: 'date-time' })
  })
  const rows = db.selectFrom('users').select(jsonOf(db, shape).as('json')).orderBy('id')
  const { lines } = await db
    .selectFrom(rows.as('rows'))
    .select(jsonLines('json').as('lines'))
    .executeTakeFirstOrThrow()
  const users = await db.selectFrom('users').select(['id', 'username', 'created_at']).orderBy('id').execute()
  t.same(JSON.parse(`[${lines}]`), users, 'an instant is written as everywhere')
  t.equal(lines?.split(',\n').length, 2)
  const { left, row } = withoutLast(`${lines},\n{"id":3}`)
  t.same([left, row], [lines, users[1]])
  t.same(withoutLast('{"id":1},\n{"id":2}'), { left: '{"id":1}', row: { id: 1 } })
})

test('what a write has touched is told when it is made, or may have been, and not when it was not', async (t) => {
  const { db, numbers } = await numbered(t)
  const heard: unknown[] = []
  onTouched(db, (touched) => heard.push(touched))
  const add = (number: number, after: () => void = () => undefined) =>
    write(db, async (tx) => {
      touch(tx, 'numbers', number)
      await sql`insert into numbers values (${number})`.execute(tx)
      after()
      return number
    })
  t.equal(await add(3), 3)
  const refuse = (error: Error) => () => {
    throw error
  }
  await t.rejects(add(4, refuse(new Error('a mistake'))), { message: 'a mistake' })
  t.same(heard.splice(0), [[{ table: 'numbers', key: 3 }]])
  await t.rejects(add(4, refuse(new DatabaseUnreachable())), { code: 'DATABASE_UNREACHABLE' })
  t.same(heard, [[{ table: 'numbers', key: 4 }]])
  t.same(await numbers(), [1, 2, 3])
  const { numAffectedRows } = await writeOne(db, (db) =>
    sql`delete from numbers where number > 1`.execute(db)
  )
  t.equal(numAffectedRows, 2n)

  let tries = 0
  await write(db, async (tx) => {
    await sql`insert into numbers values (5)`.execute(tx)
    if (++tries < 3) throw Object.assign(new Error('busy'), { code: 'SQLITE_BUSY' })
  })
  t.equal(tries, 3, 'it runs again from its beginning where another process was in the way')
  t.same(await numbers(), [1, 5])
})

test('whoever promises that what they read stays waits for the disk, where commits do not', async (t) => {
  const { db, path } = await numbered(t)
  await onDisk(db)
  let syncs = 0
  const sync = async () => {
    await turnOver()
    syncs++
  }
  await commitInGroups(db, path, { report: () => undefined, sync })
  await onDisk(db)
  t.equal(syncs, 1)
  const memory = openDatabase(':memory:')
  t.teardown(() => memory.destroy())
  await commitInGroups(memory, ':memory:', { report: () => undefined })
  t.equal(logOf(memory), undefined)
})

test('a checkpoint brings the log into the file, unless somebody reads from it, and says what failed', async (t) => {
  const { db, path, numbers } = await numbered(t)
  const missing = checkpoint({ path: `${path}.missing`, mode: 'passive' })
  t.match(missing, { code: 'SQLITE_CANTOPEN', message: /unable to open/ })
  t.match(checkpoint({ path, mode: 'passive' }), { busy: 0, log: Number, checkpointed: Number })
  await sql`insert into numbers values (3)`.execute(db)
  const another = openDatabase(path)
  const reader = another.transaction()
  await reader.execute(async (tx) => {
    await sql`select * from numbers`.execute(tx)
    t.match(checkpoint({ path, mode: 'restart' }), { busy: 1 })
  })
  await another.destroy()
  const done = checkpoint({ path, mode: 'restart' })
  t.match(done, { busy: 0 })
  if ('log' in done) t.equal(done.checkpointed, done.log)
  t.same(await numbers(), [1, 2, 3])
})

test('a change by another process shows, and one of our own does not', async (t) => {
  const { db, path } = await numbered(t)
  const before = await foreignChanges(db)
  t.type(before, 'number')
  await sql`insert into numbers values (3)`.execute(db)
  t.equal(await foreignChanges(db), before)
  const another = openDatabase(`file:${path}`)
  await sql`insert into numbers values (4)`.execute(another)
  await another.destroy()
  t.not(await foreignChanges(db), before)
  t.ok(existsSync(path))
})
