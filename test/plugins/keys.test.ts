import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify, SignJWT } from 'jose'
import { execFileSync } from 'node:child_process'
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'tap'
import { readKeys } from '../../core/tokens/keys.ts'
import { build } from '../helper.ts'
import { argumentsOf, build as compile, environmentWith, temporaryFolder } from '../process.ts'

const keysCommand = (env: Record<string, string>, ...args: string[]) =>
  execFileSync(process.execPath, [...argumentsOf('keys'), ...args], {
    // Where no .env of a developer counts.
    cwd: tmpdir(),
    env: environmentWith(env),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe']
  })

const kidOf = (token: string) => decodeProtectedHeader(token).kid

for (const JWT_ALGORITHM of ['EdDSA', 'ES256', 'RS256']) {
  test(`another service verifies ${JWT_ALGORITHM} tokens with the published keys alone`, async (t) => {
    const env = { JWT_ALGORITHM, JWT_KEYS: join(temporaryFolder(t), 'keys') }
    keysCommand(env, 'make')
    const { app, session } = await build(t, env)
    const { token, headers } = await session('admin')
    t.equal((await app.inject({ url: '/protected', headers })).statusCode, 200)

    const address = await app.listen({ port: 0 })
    const published = createRemoteJWKSet(new URL('/.well-known/jwks.json', address))
    const { payload, protectedHeader } = await jwtVerify(token, published, {
      issuer: 'gatehouse',
      audience: 'gatehouse-api'
    })
    t.equal(payload.sub, '1')
    t.equal(protectedHeader.alg, JWT_ALGORITHM)
    t.match((await app.inject('/.well-known/jwks.json')).json(), {
      keys: [{ kid: kidOf(token), use: 'sig', alg: JWT_ALGORITHM }]
    })
    t.notMatch((await app.inject('/.well-known/jwks.json')).body, /"d":/, 'no private half')
  })
}

test('keys rotate and nobody is signed out', async (t) => {
  const folder = join(temporaryFolder(t), 'keys')
  const env = { JWT_ALGORITHM: 'EdDSA', JWT_KEYS: folder, DATABASE_URL: `file:${folder}.db` }
  keysCommand(env, 'make')
  t.throws(() => keysCommand(env, 'make'), 'a second first key is refused')
  const [made = ''] = readdirSync(folder)
  renameSync(join(folder, made), join(folder, '2026-01-01T00-00-00Z.pem'))

  const before = await build(t, env)
  const old = await before.session('admin')
  t.equal(kidOf(old.token), '2026-01-01T00-00-00Z')

  keysCommand(env, 'rotate', '--in', '10')
  const overlap = await build(t, env)
  t.equal(kidOf((await overlap.session('admin')).token), kidOf(old.token), 'the next key does not sign yet')
  t.equal(overlap.app.keys.byKid.size, 2, 'but it verifies')
  const next = readdirSync(folder).find((name) => !name.startsWith('2026-01-01')) ?? ''
  rmSync(join(folder, next))

  keysCommand(env, 'rotate')
  const after = await build(t, env)
  const fresh = await after.session('admin')
  t.not(kidOf(fresh.token), kidOf(old.token), 'the new key signs')
  for (const { headers } of [old, fresh])
    t.equal((await after.app.inject({ url: '/protected', headers })).statusCode, 200)
  t.match(keysCommand(env), /^2026-01-01T00-00-00Z {2}EdDSA {2}verifies\n\S+ {2}EdDSA {2}signs\n$/)
  t.match(keysCommand(env, 'prune'), 'nothing to delete', 'tokens of the old key are still about')

  renameSync(
    join(folder, readdirSync(folder).find((name) => !name.startsWith('2026-01-01')) ?? ''),
    join(folder, '2026-01-02T00-00-00Z.pem')
  )
  t.match(keysCommand(env, 'prune'), 'deleted 2026-01-01T00-00-00Z')
})

test('a secret is replaced, and the tokens of the one before still count', async (t) => {
  const DATABASE_URL = `file:${join(temporaryFolder(t), 'secrets.db')}`
  const first = 'the first secret, of thirty-two bytes and more'.replaceAll(/[ ,]/g, '-')
  const before = await build(t, { DATABASE_URL, JWT_SECRET: first })
  const old = await before.session('admin')
  const after = await build(t, {
    DATABASE_URL,
    JWT_SECRET: keysCommand({}, 'make').split('\n')[0]?.replace('JWT_SECRET=', '') ?? '',
    JWT_PREVIOUS_SECRETS: first
  })
  const fresh = await after.session('admin')
  t.not(kidOf(fresh.token), kidOf(old.token))
  for (const { headers } of [old, fresh])
    t.equal((await after.app.inject({ url: '/protected', headers })).statusCode, 200)
  t.same((await after.app.inject('/.well-known/jwks.json')).json(), { keys: [] }, 'a secret is not published')

  const alone = await build(t, { DATABASE_URL })
  t.equal((await alone.app.inject({ url: '/protected', headers: old.headers })).statusCode, 401)
})

test('a token counts only with the key and the algorithm that its kid names', async (t) => {
  const folder = temporaryFolder(t)
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  writeFileSync(join(folder, 'main.pem'), privateKey.export({ type: 'pkcs8', format: 'pem' }))
  const { app, session } = await build(t, { JWT_ALGORITHM: 'RS256', JWT_KEYS: folder })
  const { sessionId } = await session('admin')

  const forge = (alg: string, kid: string | undefined, key: Parameters<SignJWT['sign']>[0]) =>
    new SignJWT({ sid: sessionId, username: 'admin', role: 'admin' })
      .setProtectedHeader({ alg, ...(kid !== undefined && { kid }) })
      .setSubject('1')
      .setJti(randomUUID())
      .setIssuedAt()
      .setExpirationTime('1h')
      .setIssuer('gatehouse')
      .setAudience('gatehouse-api')
      .sign(key)
  const status = async (token: string) =>
    (await app.inject({ url: '/protected', headers: { authorization: `Bearer ${token}` } })).statusCode

  t.equal(await status(await forge('RS256', 'main', privateKey)), 200, 'the control: a right token')
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey
  const pem = Buffer.from(publicKey.export({ type: 'spki', format: 'pem' }))
  for (const [what, token] of [
    ['the key of a stranger', await forge('RS256', 'main', stranger)],
    ['an unknown kid', await forge('RS256', 'other', privateKey)],
    ['a kid that is a path', await forge('RS256', '../main', privateKey)],
    ['another algorithm of the same key', await forge('PS256', 'main', privateKey)],
    ['the public key as a secret', await forge('HS256', 'main', pem)]
  ] as const)
    t.equal(await status(token), 401, what)
})

test('a key is there whole or not at all, and one that is damaged is named', async (t) => {
  const folder = join(temporaryFolder(t), 'keys')
  const env = { JWT_ALGORITHM: 'EdDSA', JWT_KEYS: folder }
  compile()
  // A file may have no bytes, as on a full disk.
  const withoutRoom = ['-c', 'ulimit -f 0 && exec node "$@" make', 'sh', ...argumentsOf('keys')]
  t.throws(() => execFileSync('sh', withoutRoom, { env: environmentWith(env), stdio: 'pipe' }))
  t.notOk(readdirSync(folder).some((name) => name.endsWith('.pem')))
  t.match(keysCommand(env, 'make'), /^made /)
  const [made = ''] = readdirSync(folder).filter((name) => name.endsWith('.pem'))
  t.equal(statSync(join(folder, made)).mode & 0o777, 0o600)

  writeFileSync(join(folder, 'torn.pem'), readFileSync(join(folder, made), 'utf8').slice(0, 60))
  await t.rejects(build(t, env), { message: /keys\/torn\.pem is no private key that can be read: / })
})

test('a key signs from the instant of its name on; one of another name, however like a date, from the beginning', async (t) => {
  const folder = temporaryFolder(t)
  const { privateKey } = generateKeyPairSync('ed25519')
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' })
  const froms: Record<string, number> = {
    '2099-01-31T09-30-00Z': Date.UTC(2099, 0, 31, 9, 30),
    '2099-02-30T09-30-00Z': 0,
    'spring-2099': 0,
    '2099': 0,
    '2099-01-31': 0
  }
  for (const name of Object.keys(froms)) writeFileSync(join(folder, `${name}.pem`), pem)
  t.same(Object.fromEntries(readKeys(folder).map(({ kid, from }) => [kid, from])), froms)
})

test('without a key for the algorithm the boot fails and says what to do', async (t) => {
  const env = { JWT_ALGORITHM: 'ES256', JWT_KEYS: temporaryFolder(t) }
  await t.rejects(build(t, env), { message: /holds no key for JWT_ALGORITHM=ES256: npm run keys -- make/ })
})
