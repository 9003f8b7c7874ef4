import { sql } from 'kysely'
import { spawnSync } from 'node:child_process'
import { statfsSync, writeFileSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type Test } from 'tap'
import { checks } from '../../core/doctor/checks.ts'
import { loadConfig } from '../../core/config/load.ts'
import { openDatabase } from '../../core/database/open.ts'
import { Readiness } from '../../core/health/readiness.ts'
import { fakeClocks } from '../clock.ts'
import { postgresServer, scratchPostgres, sqliteOnly } from '../database.ts'
import { build } from '../helper.ts'
import { until } from '../until.ts'
import { temporaryFolder } from '../process.ts'

const onPostgres = postgresServer === undefined && { skip: 'TEST_DATABASE_URL names no PostgreSQL server' }

/** What the doctor says of a database; the test goes on when that is a failure. */
const doctor = async (DATABASE_URL: string) => {
  const config = loadConfig({ NODE_ENV: 'test', DATABASE_URL })
  try {
    return await checks['database']?.(config)
  } catch (error) {
    return `FAIL ${(error as Error).message}`
  }
}

const readiness = async (app: Awaited<ReturnType<typeof build>>['app']) => {
  const { statusCode, body } = await app.inject('/health/ready')
  return `${statusCode} ${body}`
}

test('of many who ask at once one is answered, and for a second nobody asks again', async (t) => {
  const clocks = fakeClocks(t)
  const ready = new Readiness()
  let asked = 0
  const found: { fault?: string } = {}
  ready.add(async () => {
    asked++
    return found.fault
  })
  ready.add(() => (found.fault === undefined ? undefined : 'never told'))
  t.same(await Promise.all([1, 2, 3].map(() => ready.fault())), [undefined, undefined, undefined])
  t.equal(asked, 1)
  found.fault = 'out of ink'
  clocks.pass(900)
  t.equal(await ready.fault(), undefined)
  clocks.pass(100)
  t.equal(await ready.fault(), 'out of ink')
  t.equal(asked, 2)
  ready.end('stopping')
  t.equal(await ready.fault(), 'stopping', 'what ends is told at once')
})

test('asking whether it is ready leaves nothing in the database, however often', async (t) => {
  const { app, db } = await build(t)
  const clocks = fakeClocks(t)
  const state = async () => (await db.selectFrom('service').selectAll().execute()).map(({ id }) => id)
  const before = await state()
  for (let number = 0; number < 5; number++) {
    t.match(await readiness(app), '200')
    clocks.pass(1_000)
  }
  t.same(await state(), before)
})

test('a PostgreSQL that only reads is not ready, and the doctor says so', { ...onPostgres }, async (t) => {
  const url = await scratchPostgres(t, postgresServer ?? '')
  const { app } = await build(t, { DATABASE_URL: url, DATABASE_POOL_SIZE: '1' })
  const clocks = fakeClocks(t)
  t.match(await readiness(app), '200')
  t.match(await doctor(url), 'it takes writes')
  const { db } = app
  await sql`alter role current_user in database ${sql.id(new URL(url).pathname.slice(1))} set default_transaction_read_only = on`.execute(
    db
  )
  await sql`set session characteristics as transaction read only`.execute(db)
  clocks.pass(1_000)
  t.match(await readiness(app), /503.*the database takes no writes/)
  t.match(await doctor(url), 'FAIL')
})

/** A small disk of the test's own, or undefined where there is no right to mount one. */
function smallDisk(t: Test) {
  const folder = temporaryFolder(t)
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder]).status !== 0) {
    t.comment('no right to mount a small disk: not tested here')
    return undefined
  }
  t.teardown(() => spawnSync('umount', ['-l', folder]))
  return folder
}

test('a disk that is full, or takes nothing, is not ready, and the doctor says so', async (t) => {
  const folder = smallDisk(t)
  if (folder === undefined) return
  const url = `file:${join(folder, 'small.db')}`
  const { app } = await build(t, { DATABASE_URL: url })
  const clocks = fakeClocks(t)
  t.match(await readiness(app), '200')
  t.match(await doctor(url), 'it takes writes')
  const { bavail, bsize } = statfsSync(folder)
  writeFileSync(join(folder, 'ballast'), Buffer.alloc(bavail * bsize))
  clocks.pass(1_000)
  t.match(await readiness(app), /503.*the database takes no writes/)
  t.match(await doctor(url), /FAIL .*no room/)
  await app.close()
})

test('a SQLite file that another process holds is not ready for as long', sqliteOnly, async (t) => {
  const file = join(temporaryFolder(t), 'held.db')
  const { app } = await build(t, { DATABASE_URL: `file:${file}` })
  const holder = openDatabase(`file:${file}`)
  t.teardown(() => holder.destroy())
  await holder.transaction().execute(async () => {
    t.match(await readiness(app), /503.*the database takes no writes/)
  })
  await until(async () => /^200/.test(await readiness(app)))
})

test('a service whose disk fails reads on, takes no write, and is not ready until a restart', async (t) => {
  const file = join(temporaryFolder(t), 'failing.db')
  const { app, as } = await build(t, { DATABASE_URL: `file:${file}` })
  const clocks = fakeClocks(t)
  const headers = await as('admin')
  const handle = await open(file)
  const prototype = Object.getPrototypeOf(handle) as FileHandle
  await handle.close()
  const failing = t.capture(prototype, 'datasync', async () => {
    throw Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' })
  })
  const login = {
    method: 'POST',
    url: '/login',
    payload: { username: 'admin', password: 'password123' }
  } as const
  t.match((await app.inject(login)).json(), { status: 503, code: 'DATABASE_UNREACHABLE' })
  failing.restore()
  const refused = await app.inject(login)
  t.match(refused.json(), { status: 503, code: 'STORAGE_FULL' })
  t.equal(refused.headers['retry-after'], '60')
  t.equal((await app.inject({ url: '/users', headers })).statusCode, 200)
  clocks.pass(1_000)
  t.match(await readiness(app), /503.*the disk failed to keep a write, restart the service/)
})
