import Sqlite from 'better-sqlite3'
import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { type Test, test } from 'tap'
import { forever } from '../../plugins/db/forever.ts'
import { postgresServer, scratchPostgres } from '../database.ts'
import { build } from '../helper.ts'
import { root, run, temporaryFolder } from '../process.ts'

/** Runs a command of bin/; answers its exit code and all that it printed. */
async function command(t: Test, env: Record<string, string>, script: string, ...args: string[]) {
  const running = run(t, 'tsx', [join(root, 'bin', script), ...args], { cwd: root, env })
  const { code } = await running.exited
  return { code, output: running.output() }
}

const credentials = { username: 'admin', password: 'password123' }

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
  const made = await command(t, env, 'backup.ts', backup)
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

  const copy = forever(new Sqlite(backup, { readonly: true }))
  t.equal(forever(copy.prepare('pragma integrity_check')).pluck().get(), 'ok')
  t.ok(Number(forever(copy.prepare('select count(*) from sessions')).pluck().get()) >= 1)
  copy.close()
  t.match(await command(t, env, 'backup.ts', backup), { code: 1, output: 'overwrites nothing' })

  await db.deleteFrom('sessions').execute()
  t.match(await command(t, env, 'restore.ts', backup), { code: 1, output: 'stop the service first' })
  t.equal(
    (await app.inject({ method: 'POST', url: '/login', payload: credentials })).statusCode,
    200,
    'it lives on'
  )
  await app.close()
  t.match(await command(t, env, 'restore.ts', backup), { code: 0, output: 'is restored' })
  t.ok(existsSync(join(folder, 'live.db.before-restore')), 'what was there is kept')
  const restored = await build(t, env)
  t.ok((await restored.db.selectFrom('sessions').select('id').execute()).length >= 1)
})

test('what is damaged, old or no database is neither kept as a backup nor restored', async (t) => {
  const folder = temporaryFolder(t)
  const live = join(folder, 'live.db')
  const env = { DATABASE_URL: `file:${live}` }
  const { app } = await build(t, env)
  await app.close()
  const before = readFileSync(live)

  const noise = join(folder, 'noise.db')
  writeFileSync(noise, 'this is no database, however long it is'.repeat(100))
  t.match(await command(t, env, 'restore.ts', noise), { code: 1, output: 'not a database' })
  const empty = join(folder, 'empty.db')
  forever(new Sqlite(empty)).exec('create table other (id integer)').close()
  t.match(await command(t, env, 'restore.ts', empty), { code: 1, output: 'lacks the migrations' })
  t.ok(before.equals(readFileSync(live)), 'the database is as it was')

  const elsewhere = { DATABASE_URL: 'postgres://127.0.0.1/gatehouse' }
  t.match(await command(t, elsewhere, 'backup.ts', 'x.db'), { code: 1, output: 'pg_dump' })
})

test('doctor tells where each value comes from, hides secrets, and finds nothing wrong', async (t) => {
  const scratch =
    postgresServer === undefined
      ? `file:${join(temporaryFolder(t), 'well.db')}`
      : await scratchPostgres(t, postgresServer)
  const env = {
    DATABASE_URL: scratch,
    JWT_SECRET: 'a secret of thirty-two bytes and a few more',
    PORT: '4000'
  }
  const { as } = await build(t, env)
  await as('admin')
  const { code, output } = await command(t, env, 'doctor/index.ts')
  t.equal(code, 0, output)
  t.match(output, /^PORT=4000 {2}# environment$/m)
  t.match(output, /^LOG_LEVEL=info {2}# default$/m)
  t.match(output, /^JWT_SECRET=\(secret\) {2}# environment$/m)
  t.notMatch(output, env.JWT_SECRET)
  t.match(output, /^ok {4}passwords: default ones at admin, user: change them before production$/m)
  for (const name of ['configuration', 'database', 'disk', 'keys', 'proxy', 'clock', 'redis'])
    t.match(output, new RegExp(`^ok {4}${name}`, 'm'))
})

test('doctor names each failure, and ends with 1', async (t) => {
  const folder = temporaryFolder(t)
  const DATABASE_URL = `file:${join(folder, 'ill.db')}`
  const { db, as } = await build(t, { DATABASE_URL })
  await as('admin')
  await db
    .insertInto('audit')
    .values({
      at: '2999-01-01T00:00:00.000Z',
      actor_id: null,
      actor: null,
      action: 'session.start',
      target: null,
      address: '127.0.0.1',
      request_id: 'x',
      changes: '[]'
    })
    .execute()
  const ill = await command(
    t,
    {
      DATABASE_URL,
      TRUST_PROXY: '127.0.0.0/8',
      REDIS_URL: 'redis://127.0.0.1:1',
      JWT_ALGORITHM: 'EdDSA',
      JWT_KEYS: join(folder, 'none')
    },
    'doctor/index.ts'
  )
  t.equal(ill.code, 1)
  t.match(ill.output, /^FAIL {2}keys: .*npm run keys/m)
  t.match(ill.output, /^FAIL {2}proxy: .*127\.0\.0\.1.*sent no X-Forwarded-For/m)
  t.match(ill.output, /^FAIL {2}clock: .*2999/m)
  t.match(ill.output, /^FAIL {2}redis: .*ECONNREFUSED/m)

  const missing = await command(t, { DATABASE_URL: `file:${join(folder, 'missing.db')}` }, 'doctor/index.ts')
  t.match(missing, { code: 1, output: /^FAIL {2}database: .* is not there yet/m })
  t.notOk(existsSync(join(folder, 'missing.db')), 'looking makes nothing')

  const JWT_SECRET = randomBytes(48).toString('base64url')
  t.match(await command(t, { NODE_ENV: 'production', JWT_SECRET, DATABASE_URL }, 'doctor/index.ts'), {
    code: 1,
    output: /^FAIL {2}passwords: default ones at admin, user$/m
  })

  const weak = { NODE_ENV: 'production', JWT_SECRET: 'secret'.repeat(8), DATABASE_URL }
  t.match(await command(t, weak, 'doctor/index.ts'), {
    code: 1,
    output: /^FAIL {2}configuration: [^]*JWT_SECRET/m
  })
})

test('doctor judges proxy trust by what the last sign-in was forwarded for', async (t) => {
  const DATABASE_URL = `file:${join(temporaryFolder(t), 'proxied.db')}`
  const verdicts = [
    ['', '10.1.2.3', undefined, 'ok', 'came from 10.1.2.3, forwarded by nobody'],
    ['', '10.1.2.3', '203.0.113.7', 'FAIL', 'its X-Forwarded-For (203.0.113.7) was not believed: if that is'],
    ['10.1.0.0/16', '10.1.2.3', '203.0.113.7', 'ok', 'was forwarded for 203.0.113.7'],
    ['10.1.0.0/16', '10.1.2.3', undefined, 'FAIL', 'which TRUST_PROXY calls a proxy: it sent no'],
    ['10.1.0.0/16', '198.51.100.9', '203.0.113.7', 'ok', 'from 198.51.100.9, and its X-Forwarded-For']
  ] as const
  for (const [TRUST_PROXY, remoteAddress, forwarded, verdict, finding] of verdicts) {
    const env = { DATABASE_URL, TRUST_PROXY }
    const { app } = await build(t, env)
    const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }
    const request = { method: 'POST', url: '/login', remoteAddress, headers, payload: credentials } as const
    t.equal((await app.inject(request)).statusCode, 200)
    await app.close()
    const { output } = await command(t, env, 'doctor/index.ts')
    const line = output.split('\n').find((text) => text.includes(' proxy: ')) ?? ''
    t.ok(line.startsWith(verdict) && line.includes(finding), line)
  }
})
