import { randomBytes } from 'node:crypto'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { loadConfig } from '../../core/config/load.ts'
import { examine, messageOf } from '../../core/doctor/examine.ts'
import { checkProxyTrust } from '../../core/doctor/proxy.ts'
import { postgresServer, scratchPostgres, sqliteOnly } from '../database.ts'
import { build } from '../helper.ts'
import { temporaryFolder } from '../process.ts'
import { command } from './command.ts'

const credentials = { username: 'admin', password: 'password123' }

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
  const { code, output } = await command(t, env, 'doctor')
  t.equal(code, 0, output)
  t.match(output, /^PORT=4000 {2}# environment$/m)
  t.match(output, /^LOG_LEVEL=info {2}# default$/m)
  t.match(output, /^JWT_SECRET=\(secret\) {2}# environment$/m)
  t.notMatch(output, env.JWT_SECRET)
  t.match(output, /^ok {4}passwords: default ones at admin, user: change them before production$/m)
  for (const name of ['configuration', 'database', 'disk', 'keys', 'proxy', 'clock', 'redis'])
    t.match(output, new RegExp(`^ok {4}${name}`, 'm'))
})

test('doctor names each failure, and ends with 1', sqliteOnly, async (t) => {
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
    'doctor'
  )
  t.equal(ill.code, 1)
  t.match(ill.output, /^FAIL {2}keys: .*npm run keys/m)
  t.match(ill.output, /^FAIL {2}proxy: .*127\.0\.0\.1.*sent no X-Forwarded-For/m)
  t.match(ill.output, /^FAIL {2}clock: .*2999/m)
  t.match(ill.output, /^FAIL {2}redis: .*ECONNREFUSED/m)

  /** What the doctor says of this environment, as its command does. */
  const found = async (env: Record<string, string>, name: string) => {
    for await (const finding of examine(loadConfig(env))) if (finding.name === name) return finding
    throw new Error(`${name} is not examined`)
  }
  const missing = { DATABASE_URL: `file:${join(folder, 'missing.db')}` }
  t.match(await found(missing, 'database'), { ok: false, text: /is not there yet/ })
  t.notOk(existsSync(join(folder, 'missing.db')), 'looking makes nothing')

  const JWT_SECRET = randomBytes(48).toString('base64url')
  const DATA_KEY = randomBytes(32).toString('base64')
  const production = { NODE_ENV: 'production', JWT_SECRET, DATA_KEY, DATABASE_URL }
  t.match(await found(production, 'passwords'), { ok: false, text: /^default ones at admin, user$/ })

  const weak = { NODE_ENV: 'production', JWT_SECRET: 'secret'.repeat(8), DATABASE_URL }
  t.match(await command(t, weak, 'doctor'), {
    code: 1,
    output: /^FAIL {2}configuration: [^]*JWT_SECRET/m
  })
})

test('doctor judges proxy trust by what the last sign-in was forwarded for', async (t) => {
  const verdicts = {
    '': [
      ['10.1.2.3', undefined, 'ok', 'came from 10.1.2.3, forwarded by nobody'],
      ['10.1.2.3', '203.0.113.7', 'FAIL', 'its X-Forwarded-For (203.0.113.7) was not believed: if that is']
    ],
    '10.1.0.0/16': [
      ['10.1.2.3', '203.0.113.7', 'ok', 'was forwarded for 203.0.113.7'],
      ['10.1.2.3', undefined, 'FAIL', 'which TRUST_PROXY calls a proxy: it sent no'],
      ['198.51.100.9', '203.0.113.7', 'ok', 'from 198.51.100.9, and its X-Forwarded-For']
    ]
  } as const
  for (const [TRUST_PROXY, signIns] of Object.entries(verdicts)) {
    const { app } = await build(t, { TRUST_PROXY })
    for (const [remoteAddress, forwarded, verdict, finding] of signIns) {
      const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }
      const request = { method: 'POST', url: '/login', remoteAddress, headers, payload: credentials } as const
      t.equal((await app.inject(request)).statusCode, 200)
      const line = await checkProxyTrust(app.db, app.config).then(
        (text) => `ok ${text}`,
        (error: unknown) => `FAIL ${messageOf(error)}`
      )
      t.ok(line.startsWith(verdict) && line.includes(finding), line)
    }
  }
})

test(
  'the tools read .env in the working folder as the server does, and what is set already wins',
  sqliteOnly,
  async (t) => {
    const folder = temporaryFolder(t)
    const lines = ['DATABASE_URL=file:./named.db', 'PORT=4000', 'LOG_LEVEL=warn', 'JWT_ALGORITHM=EdDSA']
    writeFileSync(join(folder, '.env'), [...lines, 'JWT_KEYS=./signing'].join('\n'))
    const here = (script: string, ...args: string[]) =>
      command(t, { PORT: '5000' }, { cwd: folder, script }, ...args)
    t.match(await here('migrate'), { code: 0, output: 'applied' })
    t.match(await here('keys', 'make'), { code: 0, output: /made signing\/\S+\.pem \(EdDSA\)/ })
    t.match(await here('backup', 'copy.db'), { code: 0, output: 'copy.db is a sound copy of ./named.db' })
    t.match(await here('restore', 'copy.db'), { code: 0, output: './named.db is restored from copy.db' })
    const { code, output } = await here('doctor')
    t.equal(code, 0, output)
    t.match(output, /^LOG_LEVEL=warn {2}# environment$/m)
    t.match(output, /^PORT=5000 {2}# environment$/m)
    t.notOk(readdirSync(folder).includes('data'), 'nothing is where the defaults say')
  }
)
