import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { enrol } from '../authenticator.ts'
import { serviceDatabase } from '../database.ts'
import { build as service } from '../helper.ts'
import { argumentsOf, build, environmentWith, temporaryFolder } from '../process.ts'
import { until } from '../until.ts'
import { command } from './command.ts'

/** A running service, and the tool beside it. */
async function rescued(t: Test) {
  build()
  const env = { DATABASE_URL: await serviceDatabase(t), BCRYPT_COST: '4', RATE_LIMIT_SIGN_IN: '1000' }
  const running = await service(t, env)
  const signIn = async (username: string, password: string) => {
    const payload = { username, password }
    return (await running.app.inject({ method: 'POST', url: '/login', payload })).statusCode
  }
  return { ...running, signIn, env, rescue: (...args: string[]) => command(t, env, 'rescue', ...args) }
}

test('a lost password is set at the machine while the service runs', async (t) => {
  const { app, db, as, signIn, rescue } = await rescued(t)
  const headers = await as('admin')
  t.equal(await signIn('admin', 'forgotten'), 401)
  const before = await db.selectFrom('users').selectAll().where('id', '=', 1).executeTakeFirstOrThrow()

  const { code, output } = await rescue('ADMIN', '--password')
  t.equal(code, 0, output)
  const [, password = ''] = /^The password of admin is ([\w-]{24})\n$/.exec(output) ?? []
  t.equal(await signIn('admin', 'password123'), 401)
  await db.deleteFrom('sign_in_attempts').execute()
  t.equal(await signIn('admin', password), 200)
  await until(async () => (await app.inject({ url: '/me', headers })).statusCode === 401)
  const after = await db.selectFrom('users').selectAll().where('id', '=', 1).executeTakeFirstOrThrow()
  t.equal(after.version, before.version + 1)
  t.match(await db.selectFrom('audit').selectAll().where('action', '=', 'user.rescue').execute(), [
    {
      actor_id: null,
      actor: null,
      target: 'user:1',
      address: 'unknown',
      request_id: 'rescue',
      changes: '[{"member":"by","to":"password"}]'
    }
  ])
})

test('failures before a rescue do not hold up the sign-in after it', async (t) => {
  const { db, signIn, rescue } = await rescued(t)
  for (let guess = 0; guess < 10; guess++) await signIn('user', 'a guess')
  t.equal(await signIn('user', 'password123'), 429)
  const [, password = ''] = / is (\S+)\n$/.exec((await rescue('user', '--password')).output) ?? []
  t.same(await db.selectFrom('sign_in_attempts').selectAll().execute(), [])
  t.equal(await signIn('user', password), 200)
})

test('a disabled account is enabled, and made an administrator, only where that is said', async (t) => {
  const { db, signIn, rescue } = await rescued(t)
  const read = () => db.selectFrom('users').selectAll().where('id', '=', 2).executeTakeFirstOrThrow()
  await db.updateTable('users').set({ status: 'disabled' }).where('id', '=', 2).execute()
  const before = await read()
  t.match(await rescue('user'), { code: 1, output: /^user is disabled: add --enable\n$/ })
  t.same(await read(), before)
  const { output } = await rescue('user', '--enable', '--admin', '--password')
  t.match(await read(), { status: 'active', role: 'admin' })
  t.equal(await signIn('user', / is (\S+)\n$/.exec(output)?.[1] ?? ''), 200)
  const entry = await db.selectFrom('audit').select('changes').where('action', '=', 'user.rescue').execute()
  t.match(entry, [{ changes: /"role".*"admin".*"status".*"active"/ }])
})

test("a password of one's own comes by standard input, and is held to the rules", async (t) => {
  const { db, env, signIn } = await rescued(t)
  const give = (input: string) =>
    spawnSync(process.execPath, [...argumentsOf('rescue'), 'admin', '--stdin'], {
      cwd: temporaryFolder(t),
      env: environmentWith(env),
      encoding: 'utf8',
      input
    })
  const before = await db.selectFrom('users').selectAll().execute()
  for (const [input, reason] of [
    ['', 'is shorter than 8'],
    ['admin is my name\n', 'contains the username']
  ] as const) {
    const { status, stderr } = give(input)
    t.equal(status, 1)
    t.match(stderr, reason)
  }
  t.same(await db.selectFrom('users').selectAll().execute(), before)
  const { status, stdout } = give('a walk in the early rain\nand more\n')
  t.equal(status, 0)
  t.equal(stdout, 'admin has the password that you gave\n')
  t.equal(await signIn('admin', 'a walk in the early rain'), 200)
})

test('what cannot be rescued is told, and nothing is made', async (t) => {
  const { rescue } = await rescued(t)
  t.match(await rescue('root'), { code: 1, output: 'There is no account root. Administrators are: admin\n' })
  for (const args of [[], ['admin', '--password', 'x']])
    t.match(await rescue(...args), { code: 1, output: /^Usage: npm run rescue -- USERNAME/ })
  const missing = join(temporaryFolder(t), 'missing.db')
  t.match(await command(t, { DATABASE_URL: `file:${missing}` }, 'rescue', 'admin'), {
    code: 1,
    output: `${missing} is not there\n`
  })
  t.notOk(existsSync(missing))
})

test('a link leads to a new password, once; the second factor goes only where that is said', async (t) => {
  const { app, db, session, signIn, rescue } = await rescued(t)
  const { headers } = await session('admin')
  t.same((await enrol(app, headers)).status, [201, 200])
  const { code, output } = await rescue('admin')
  t.equal(code, 0, output)
  const [, token = ''] = /\/console\/#\/recover\?token=([\w-]{43})\n$/.exec(output) ?? []
  t.notMatch(JSON.stringify(await db.selectFrom('one_time_tokens').selectAll().execute()), token)
  const payload = { token, new_password: 'a walk in the rain' }
  const use = () => app.inject({ method: 'POST', url: '/recover/complete', payload })
  t.same([(await use()).statusCode, (await use()).statusCode], [204, 400])
  const login = () =>
    app.inject({
      method: 'POST',
      url: '/login',
      payload: { username: 'admin', password: 'a walk in the rain' }
    })
  t.match((await login()).json(), { code: 'MFA_REQUIRED' })

  t.match(await rescue('admin', '--remove-factors'), { code: 0 })
  t.equal(await signIn('admin', 'a walk in the rain'), 200)
  const entries = await db.selectFrom('audit').select('changes').where('action', '=', 'user.rescue').execute()
  t.match(entries.at(-1), { changes: /"by","to":"link".*"factors","to":"removed"/ })
})
