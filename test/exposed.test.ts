import type { FastifyInstance } from 'fastify'
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { format } from 'node:util'
import { type Test, test } from 'tap'
import { loadConfig } from '../core/config/load.ts'
import { checkFiles } from '../core/doctor/files.ts'
import { build as service } from './helper.ts'
import { announced, launchOnTerminal, build, launchServer, startServer, temporaryFolder } from './process.ts'
import { until } from './until.ts'

const JWT_SECRET = 'Zk3vQ8wT1xN6yB9mR4cH7jL2pF5sD0gA'
const DATA_KEY = 'pG7wS0mVq1kXh3JtY9nLc5RzB2dFe8uTa6oKxWQ4jis='
const production = { NODE_ENV: 'production', JWT_SECRET, DATA_KEY }
const exposed = { HOST: '0.0.0.0' }
const password = 'password123'

const signIn = async (url: string, username: string, given: string) => {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ username, password: given })
  return (await fetch(`${url}/login`, { method: 'POST', headers, body })).status
}

/** Signs in to a service in this process. */
const enter = async (app: FastifyInstance, username: string, given: string) => {
  const payload = { username, password: given }
  return (await app.inject({ method: 'POST', url: '/login', payload })).statusCode
}

/** The service in this process, and what it writes into its log. */
async function logged(t: Test, env: Record<string, string>) {
  const lines: string[] = []
  const keep = (...line: unknown[]) => lines.push(format(...line))
  const { app } = await service(t, env, undefined, ({ log }) =>
    Object.assign(log, { info: keep, warn: keep, fatal: keep })
  )
  return { app, log: () => lines.join('\n') }
}

const register = async (app: FastifyInstance) => {
  const payload = { username: 'stranger', password: 'a walk in the early rain' }
  return (await app.inject({ method: 'POST', url: '/register', payload })).statusCode
}

/** The mode of each file in a folder, and of the folder. */
const modes = (folder: string) =>
  Object.fromEntries(
    ['.', ...readdirSync(folder)].map((name) => [
      name,
      (statSync(join(folder, name)).mode & 0o777).toString(8)
    ])
  )

test('production refuses to start without what it needs, and says which variable to set', async (t) => {
  t.throws(() => loadConfig({ NODE_ENV: 'production' }), { message: /JWT_SECRET must be set/ })
  t.throws(() => loadConfig({ NODE_ENV: 'production', JWT_SECRET }), { message: /DATA_KEY must be set/ })
  const server = launchServer(t, { env: { ...production, ADMIN_PASSWORD: '12345678' } })
  t.equal((await server.exited).code, 1)
  t.match(server.output(), 'ADMIN_PASSWORD is not accepted: it is one of')
  t.notMatch(server.output(), /listening|12345678/)
})

test('where others may reach it, nobody gets in by what all know, and nobody else reads its files', async (t) => {
  const { cwd, url, output, stop } = await startServer(t, { env: production })
  const data = join(cwd, 'data')
  const made = readFileSync(join(data, 'first-password'), 'utf8').trim()
  t.match(output(), /the password of admin is in data\/first-password: sign in, change it, and delete/)
  t.match(made, /^[\w-]{24}$/)
  t.notOk(output().includes(made), 'a log is kept, and read by others')
  t.notMatch(output(), "guide's password")
  const files = {
    '.': '700',
    'first-password': '600',
    'gatehouse.db': '600',
    'gatehouse.db-shm': '600',
    'gatehouse.db-wal': '600'
  }
  t.same(modes(data), files)
  t.equal(await signIn(url, 'admin', made), 200)
  for (const name of ['admin', 'user']) t.equal(await signIn(url, name, password), 401)
  await stop()

  const DATABASE_URL = `file:${join(data, 'gatehouse.db')}`
  const own = { ...production, DATABASE_URL, BCRYPT_COST: '10', ADMIN_PASSWORD: 'one of my own' }
  const again = await logged(t, own)
  t.match(again.log(), 'there are accounts, so ADMIN_PASSWORD is not used: npm run rescue -- USERNAME')
  t.match(again.log(), /data\/first-password holds a first password: once it has been changed, delete/)
  t.equal(await enter(again.app, 'admin', 'one of my own'), 401)
  t.notMatch(again.log(), 'one of my own')

  const folder = join(temporaryFolder(t), 'data')
  const fresh = { ...exposed, DATABASE_URL: `file:${join(folder, 'gatehouse.db')}` }
  const other = await logged(t, { ...fresh, JWT_KEYS: join(folder, 'keys'), JWT_SECRET: '', DATA_KEY: '' })
  const first = readFileSync(join(folder, 'first-password'), 'utf8').trim()
  t.match(
    other.log(),
    /the password of admin is in \S+\/data\/first-password: sign in, change it, and delete/
  )
  t.match(first, /^[\w-]{24}$/)
  t.notOk(other.log().includes(first))
  t.same(modes(folder), { ...files, 'jwt.secret': '600', 'data.key': '600' })
  t.equal(await enter(other.app, 'admin', first), 200)
  for (const name of ['admin', 'user']) t.equal(await enter(other.app, name, password), 401)
})

test('where others may reach it, they make accounts only if REGISTRATION says so', async (t) => {
  const JWT_KEYS = join(temporaryFolder(t), 'keys')
  t.equal(await register((await service(t, { ...exposed, JWT_KEYS })).app), 403)
  t.equal(await register((await service(t, { ...exposed, JWT_KEYS, REGISTRATION: 'open' })).app), 201)
  const { app } = await service(t, { HOST: 'localhost' })
  t.equal(await register(app), 201)
})

const noTerminal =
  spawnSync('script', ['--version']).status !== 0 && 'there is no script(1) to make a terminal'

test(
  'on a terminal the first password is shown once, and kept nowhere; the service ends with its terminal',
  { skip: noTerminal },
  async (t) => {
    build()
    const terminal = await announced(launchOnTerminal(t, { env: production }))
    const pid = Number(/"pid":(\d+)/.exec(terminal.output())?.[1])
    t.teardown(() => spawnSync('kill', ['-9', String(pid)]))
    const shown = /The password of admin is ([\w-]{24}) /.exec(terminal.output())?.[1] ?? ''
    t.equal(await signIn(terminal.url, 'admin', shown), 200)
    t.same(readdirSync(join(terminal.cwd, 'data')).sort(), [
      'gatehouse.db',
      'gatehouse.db-shm',
      'gatehouse.db-wal'
    ])
    // It has lines to write when the terminal goes.
    const requests = Array.from({ length: 500 }, () =>
      fetch(`${terminal.url}/health/live`).catch(() => undefined)
    )
    await Promise.race(requests)
    await terminal.stop('SIGKILL')
    await until(() => spawnSync('kill', ['-0', String(pid)]).status !== 0)
  }
)

test('ADMIN_PASSWORD is put down nowhere, and one that can be put down nowhere stops the start', async (t) => {
  const folder = temporaryFolder(t)
  const named = { ...exposed, DATABASE_URL: `file:${join(folder, 'named.db')}`, ADMIN_USERNAME: 'root' }
  const { app } = await service(t, { ...named, ADMIN_PASSWORD: 'one of my own' })
  const payload = { username: 'root', password: 'one of my own' }
  t.equal((await app.inject({ method: 'POST', url: '/login', payload })).statusCode, 200)
  t.notOk(existsSync(join(folder, 'first-password')))

  writeFileSync(join(folder, 'file'), 'in the way')
  const nowhere = { ...exposed, DATABASE_URL: ':memory:', JWT_KEYS: join(folder, 'file/keys') }
  await t.rejects(service(t, nowhere), {
    message: /^Set ADMIN_PASSWORD: one that is made here cannot be put down for you \(.*file/
  })
})

test('default passwords of an earlier start are found, whatever the accounts are called by now', async (t) => {
  const env = { DATABASE_URL: `file:${join(temporaryFolder(t), 'seeded.db')}` }
  const first = await service(t, env)
  t.equal(await register(first.app), 201)
  const headers = await first.as('user')
  const payload = { username: 'ada' }
  t.equal((await first.app.inject({ method: 'PATCH', url: '/me', headers, payload })).statusCode, 200)
  await first.app.close()
  for (const more of [{ ...production, BCRYPT_COST: '10' }, exposed])
    await t.rejects(service(t, { ...env, ...more }), {
      message:
        /^Accounts .* DATABASE_URL have a default password.*: admin, ada\.\n[^]*\n {2}npm run rescue -- admin --password\n {2}npm run rescue -- ada --password$/
    })
  const { db } = await service(t, env)
  await db.updateTable('users').set({ status: 'disabled' }).where('id', '<=', 2).execute()
  t.ok(await service(t, { ...env, ...exposed }), 'nobody gets in by a disabled one')
})

test('whoever has it listen elsewhere than HOST says is refused', async (t) => {
  const { app, log } = await logged(t, {})
  t.teardown(() => (process.exitCode = undefined))
  await app.listen({ host: '0.0.0.0', port: 0 })
  t.match(log(), /it listens on 0\.0\.0\.0, and HOST says 127\.0\.0\.1: set HOST/)
  t.equal(process.exitCode, 1)
  await until(() => !app.server.listening)
})

test('what others may read is said, and left as the operator has it', async (t) => {
  const folder = temporaryFolder(t)
  const file = join(folder, 'live.db')
  const env = { DATABASE_URL: `file:${file}`, JWT_KEYS: join(folder, 'keys') }
  const { app } = await service(t, env)
  t.match(await checkFiles(app.config), 'nobody but their owner')
  await app.close()
  for (const mode of [0o640, 0o644]) {
    chmodSync(file, mode)
    const next = await logged(t, env)
    t.match(modes(folder), { 'live.db': mode.toString(8), 'live.db-wal': mode.toString(8) })
    const complaint = `everybody on this machine may read ${file}, ${file}-wal`
    if (mode === 0o640) {
      t.notMatch(next.log(), 'everybody on this machine')
      t.match(await checkFiles(next.app.config), 'nobody but their owner')
    } else {
      t.match(next.log(), complaint)
      await t.rejects(checkFiles(next.app.config), { message: complaint })
    }
    await next.app.close()
  }
})
