import Sqlite from 'better-sqlite3'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync
} from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { type Test, test } from 'tap'
import { build } from '../helper.ts'
import { root, run, temporaryFolder } from '../process.ts'
import { command } from './command.ts'

const credentials = { username: 'admin', password: 'password123' }

/** The databases that a restore has kept, oldest first. */
const before = (folder: string) =>
  readdirSync(folder)
    .filter((name) => /\.before-restore-[\dTZ.-]+$/.test(name))
    .sort()

test('a backup is made while the service writes, is sound, and is restored to a stopped service alone', async (t) => {
  const folder = temporaryFolder(t)
  const env = { DATABASE_URL: `file:${join(folder, 'live.db')}` }
  const { app, db, as } = await build(t, env)
  await as('admin')
  const writing = { on: true }
  const writer = (async () => {
    let written = 0
    // A pause between them: a database in this process answers without giving anybody else a turn.
    for (; writing.on; written++) await as('user').then(() => setTimeout(5))
    return written
  })()
  const backup = join(folder, 'backup.db')
  const made = await command(t, env, 'backup', backup)
  writing.on = false
  t.ok((await writer) > 0, 'writes went on meanwhile')
  t.match(made, { code: 0, output: 'is a sound copy' })
  t.same(
    readdirSync(folder)
      .filter((name) => name.startsWith('backup'))
      .sort(),
    ['backup.db'],
    'one file'
  )

  const copy = new Sqlite(backup, { readonly: true })
  t.equal(copy.prepare('pragma integrity_check').pluck().get(), 'ok')
  t.ok(Number(copy.prepare('select count(*) from sessions').pluck().get()) >= 1)
  copy.close()
  t.match(await command(t, env, 'backup', backup), { code: 1, output: 'overwrites nothing' })

  await db.deleteFrom('sessions').execute()
  t.match(await command(t, env, 'restore', backup), { code: 1, output: 'stop the service first' })
  t.equal(
    (await app.inject({ method: 'POST', url: '/login', payload: credentials })).statusCode,
    200,
    'it lives on'
  )
  await app.close()
  t.match(await command(t, env, 'restore', backup), { code: 0, output: 'is restored' })
  t.equal(before(folder).length, 1, 'what was there is kept')
  t.match(await command(t, env, 'restore', backup), { code: 0, output: 'is restored' })
  t.equal(before(folder).length, 2, 'and stays when a backup is restored again')
  const restored = await build(t, env)
  t.ok((await restored.db.selectFrom('sessions').select('id').execute()).length >= 1)
})

test('what is damaged, old or no database is neither kept as a backup nor restored', async (t) => {
  const folder = temporaryFolder(t)
  const live = join(folder, 'live.db')
  const env = { DATABASE_URL: `file:${live}` }
  const { app } = await build(t, env)
  await app.close()
  const healthy = readFileSync(live)

  const noise = join(folder, 'noise.db')
  writeFileSync(noise, 'this is no database, however long it is'.repeat(100))
  t.match(await command(t, env, 'restore', noise), { code: 1, output: 'not a database' })
  const empty = join(folder, 'empty.db')
  new Sqlite(empty).exec('create table other (id integer)').close()
  t.match(await command(t, env, 'restore', empty), { code: 1, output: 'lacks the migrations' })
  t.ok(healthy.equals(readFileSync(live)), 'the database is as it was')

  const elsewhere = { DATABASE_URL: 'postgres://127.0.0.1/gatehouse' }
  t.match(await command(t, elsewhere, 'backup', 'x.db'), { code: 1, output: 'pg_dump' })
})

/** Commits about a thousand times a second, on a connection of its own. */
const committer = `
  import Sqlite from 'better-sqlite3'
  const sqlite = new Sqlite(process.argv[1], { timeout: 5_000 })
  sqlite.exec('pragma synchronous=off; create table commits (number integer); insert into commits values (0)')
  const commit = sqlite.prepare('update commits set number = number + 1')
  console.log('commits')
  setInterval(() => commit.run(), 1)`

test('a backup ends while another process commits all the time', { timeout: 60_000 }, async (t) => {
  const folder = temporaryFolder(t)
  const file = join(folder, 'live.db')
  const env = { DATABASE_URL: `file:${file}` }
  await (await build(t, env)).app.close()
  const live = new Sqlite(file)
  live.exec(`create table pages (page blob);
    with recursive counted(number) as (values (1) union all select number + 1 from counted where number < 8000)
    insert into pages select zeroblob(4000) from counted`)
  live.close()
  const writer = run(t, process.execPath, ['--input-type=module', '-e', committer, file], { cwd: root })
  while (!writer.output().includes('commits')) await setTimeout(10)

  const backup = join(folder, 'backup.db')
  t.match(await command(t, env, 'backup', backup), { code: 0, output: 'is a sound copy' })
  t.same(await writer.stop(), { code: null, signal: 'SIGTERM' }, 'it committed to the end')
  const copy = new Sqlite(backup, { readonly: true })
  t.equal(copy.prepare('select count(*) from pages').pluck().get(), 8_000)
  t.ok(Number(copy.prepare('select number from commits').pluck().get()) > 0)
  copy.close()
})

/** The database of a service that has stopped, and a backup of it. */
async function backedUp(t: Test) {
  const folder = temporaryFolder(t)
  const file = join(folder, 'live.db')
  const env = { DATABASE_URL: `file:${file}` }
  await (await build(t, env)).app.close()
  const backup = join(folder, 'backup.db')
  copyFileSync(file, backup)
  return { folder, file, env, backup }
}

test('a database that is damaged is replaced, and kept with its write-ahead log', async (t) => {
  const { folder, file, env, backup } = await backedUp(t)

  writeFileSync(file, 'this was a database'.repeat(1_000))
  writeFileSync(`${file}-wal`, 'this was its log'.repeat(1_000))
  const restored = await command(t, env, 'restore', backup)
  t.match(restored, { code: 0, output: 'is restored' })
  const [kept = ''] = before(folder)
  t.match(restored.output, kept)
  t.match(readFileSync(join(folder, kept), 'utf8'), /^(this was a database)+$/)
  t.match(readFileSync(join(folder, `${kept}-wal`), 'utf8'), /^(this was its log)+$/)
  t.same(
    readdirSync(folder).sort(),
    ['backup.db', 'live.db', kept, `${kept}-wal`],
    'and nothing else is left'
  )
  const { db } = await build(t, env)
  t.equal((await db.selectFrom('users').select('id').execute()).length, 2)
})

const needsRoot = process.getuid?.() !== 0 && 'only root gives files away'

test('what root restores is still of the owner that it had', { skip: needsRoot }, async (t) => {
  const { folder, file, env, backup } = await backedUp(t)
  chownSync(file, 4_321, 1_234)
  chmodSync(file, 0o660)
  t.match(await command(t, env, 'restore', backup), { code: 0 })
  t.match(statSync(file), { uid: 4_321, gid: 1_234, mode: 0o100660 })

  const elsewhere = join(folder, 'new')
  mkdirSync(elsewhere)
  chownSync(elsewhere, 4_321, 1_234)
  const fresh = join(elsewhere, 'live.db')
  t.match(await command(t, { DATABASE_URL: `file:${fresh}` }, 'restore', backup), { code: 0 })
  t.match(statSync(fresh), { uid: 4_321, gid: 1_234 }, 'or of that of its folder')
})
