import type { FastifyInstance } from 'fastify'
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { checkFiles } from '../core/doctor/files.ts'
import { build as service } from './helper.ts'
import {
  announced,
  launchOnTerminal,
  noTerminal,
  build,
  launchServer,
  root,
  run,
  startServer,
  temporaryFolder
} from './process.ts'

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
  for (const [env, names] of [
    [{}, 'JWT_SECRET must be set'],
    [{ JWT_SECRET }, 'DATA_KEY must be set'],
    [{ JWT_SECRET, DATA_KEY, ADMIN_PASSWORD: '12345678' }, 'ADMIN_PASSWORD is not accepted: it is one of']
  ] as const) {
    const server = launchServer(t, { env: { NODE_ENV: 'production', ...env } })
    t.equal((await server.exited).code, 1)
    t.match(server.output(), names)
    t.notMatch(server.output(), /listening|12345678/)
  }
})

test('where others may reach it, nobody gets in by what all know, and nobody else reads its files', async (t) => {
  for (const env of [production, exposed] as Record<string, string>[]) {
    const { cwd, url, output, stop } = await startServer(t, { env })
    const file = join(cwd, 'data/first-password')
    t.match(output(), /the password of admin is in data\/first-password: sign in, change it, and delete/)
    const made = readFileSync(file, 'utf8').trim()
    t.match(made, /^[\w-]{24}$/)
    t.notOk(output().includes(made), 'a log is kept, and read by others')
    t.notMatch(output(), "guide's password")
    t.same(modes(join(cwd, 'data')), {
      '.': '700',
      'first-password': '600',
      'gatehouse.db': '600',
      'gatehouse.db-shm': '600',
      'gatehouse.db-wal': '600',
      ...(env['JWT_SECRET'] === undefined && { 'jwt.secret': '600' }),
      ...(env['DATA_KEY'] === undefined && { 'data.key': '600' })
    })
    t.equal(await signIn(url, 'admin', made), 200)
    for (const name of ['admin', 'user']) t.equal(await signIn(url, name, password), 401)
    await stop()
    if (env === exposed) continue

    const again = await startServer(t, { env: { ...env, ADMIN_PASSWORD: 'one of my own' }, cwd })
    t.match(again.output(), 'there are accounts, so ADMIN_PASSWORD is not used: npm run rescue -- USERNAME')
    t.match(again.output(), 'data/first-password holds a first password: once it has been changed, delete')
    t.equal(await signIn(again.url, 'admin', 'one of my own'), 401)
    t.notMatch(again.output(), 'one of my own')
  }
})

test('where others may reach it, they make accounts only if REGISTRATION says so', async (t) => {
  const JWT_KEYS = join(temporaryFolder(t), 'keys')
  t.equal(await register((await service(t, { ...exposed, JWT_KEYS })).app), 403)
  t.equal(await register((await service(t, { ...exposed, JWT_KEYS, REGISTRATION: 'open' })).app), 201)
  const { app } = await service(t, { HOST: 'localhost' })
  t.equal(await register(app), 201)
})

test('on a terminal the first password is shown once, and kept nowhere', { skip: noTerminal }, async (t) => {
  build()
  const server = await announced(launchOnTerminal(t, { env: production }))
  const shown = /The password of admin is ([\w-]{24}) /.exec(server.output())?.[1] ?? ''
  t.equal(await signIn(server.url, 'admin', shown), 200)
  t.same(readdirSync(join(server.cwd, 'data')).sort(), [
    'gatehouse.db',
    'gatehouse.db-shm',
    'gatehouse.db-wal'
  ])
})

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
  build()
  const fastify = join(root, 'node_modules/fastify-cli/cli.js')
  const args = [fastify, 'start', '--address', '0.0.0.0', '--log-level', 'info', '--options']
  const options = { cwd: temporaryFolder(t), env: { PORT: '0' } }
  const refused = run(t, process.execPath, [...args, join(root, 'dist/app.js')], options)
  t.same(await refused.exited, { code: 1, signal: null })
  t.match(refused.output(), /it listens on 0\.0\.0\.0, and HOST says 127\.0\.0\.1: set HOST/)
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
    const lines: string[] = []
    const next = await service(t, env, undefined, (app) => {
      app.log.warn = (line: unknown) => lines.push(String(line))
    })
    t.match(modes(folder), { 'live.db': mode.toString(8), 'live.db-wal': mode.toString(8) })
    const complaint = `everybody on this machine may read ${file}, ${file}-wal`
    if (mode === 0o640) {
      t.same(lines, [])
      t.match(await checkFiles(next.app.config), 'nobody but their owner')
    } else {
      t.match(lines.join(), complaint)
      await t.rejects(checkFiles(next.app.config), { message: complaint })
    }
    await next.app.close()
  }
})
