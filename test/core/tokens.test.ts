import Fastify from 'fastify'
import jwt from '@fastify/jwt'
import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Test, test } from 'tap'
import { loadConfig } from '../../core/config/load.ts'
import { bearerToken, headerOf, isRepeated } from '../../core/tokens/bearer.ts'
import { describeToken } from '../../core/tokens/introspection.ts'
import { kidFrom, loadKeys, publicKeys, readKeys, signingKey } from '../../core/tokens/keys.ts'
import { audience, issuer, signAccessToken, verifyAccessToken } from '../../core/tokens/tokens.ts'
import { encode, forge, respell } from '../forge.ts'
import { machine, person } from '../identities.ts'
import { temporaryFolder } from '../process.ts'

const pairs = {
  ed25519: () => generateKeyPairSync('ed25519'),
  p256: () => generateKeyPairSync('ec', { namedCurve: 'prime256v1' }),
  p384: () => generateKeyPairSync('ec', { namedCurve: 'secp384r1' }),
  rsa2048: () => generateKeyPairSync('rsa', { modulusLength: 2_048 }),
  rsa1024: () => generateKeyPairSync('rsa', { modulusLength: 1_024 }),
  x25519: () => generateKeyPairSync('x25519')
}

/** A folder with a key of each of these names. */
function keyFolder(t: Test, keys: Record<string, keyof typeof pairs>): string {
  const folder = join(temporaryFolder(t), 'keys')
  mkdirSync(folder)
  for (const [name, kind] of Object.entries(keys))
    writeFileSync(join(folder, name), pairs[kind]().privateKey.export({ type: 'pkcs8', format: 'pem' }))
  return folder
}

const ringOf = (env: Record<string, string>) => loadKeys(loadConfig({ DATABASE_URL: ':memory:', ...env }))

test('the keys of a folder are named by their files, and go by age', (t) => {
  const folder = keyFolder(t, {
    '2026-03-01T00-00-00Z.pem': 'ed25519',
    '2026-02-01T00-00-00Z.pem': 'p256',
    'b.pem': 'rsa2048',
    'a.pem': 'ed25519',
    'a.pem.draft': 'ed25519',
    'notes.txt': 'x25519'
  })
  const keys = readKeys(folder)
  t.same(
    keys.map(({ kid, algorithm, from }) => [kid, algorithm, from]),
    [
      ['a', 'EdDSA', 0],
      ['b', 'RS256', 0],
      ['2026-02-01T00-00-00Z', 'ES256', Date.UTC(2026, 1, 1)],
      ['2026-03-01T00-00-00Z', 'EdDSA', Date.UTC(2026, 2, 1)]
    ]
  )
  for (const { signWith, verifyWith } of keys) {
    t.match(signWith, /^-----BEGIN PRIVATE KEY-----\n/)
    t.match(verifyWith, /^-----BEGIN PUBLIC KEY-----\n/)
  }
  t.same(readKeys(join(folder, 'nowhere')), [])
  t.equal(kidFrom(new Date('2026-02-01T00:00:00.123Z')), '2026-02-01T00-00-00Z')
  t.end()
})

test('a key that is for none of our algorithms, or has no name of ours, is refused by its file', (t) => {
  for (const kind of ['p384', 'rsa1024', 'x25519'] as const)
    t.throws(() => readKeys(keyFolder(t, { 'k.pem': kind })), {
      message: /keys\/k\.pem is no Ed25519, P-256 or RSA key \(of 2048 bits or more\)$/
    })
  for (const name of ['two words', 'x'.repeat(65), 'é'])
    t.throws(() => readKeys(keyFolder(t, { [`${name}.pem`]: 'ed25519' })), {
      message: /\.pem: a key's name takes letters, digits and \. _ -$/
    })
  t.equal(readKeys(keyFolder(t, { [`${'x'.repeat(64)}.pem`]: 'ed25519' })).length, 1)
  t.end()
})

test('the newest key whose time has come signs; before all of them, the first', (t) => {
  const key = (kid: string, from: number) => ({
    kid,
    from,
    algorithm: 'EdDSA' as const,
    signWith: '',
    verifyWith: ''
  })
  const keys = [key('a', 10), key('b', 20), key('c', 30)] as const
  for (const [now, kid] of [
    [5, 'a'],
    [10, 'a'],
    [19, 'a'],
    [20, 'b'],
    [99, 'c']
  ] as const)
    t.equal(signingKey([...keys], now).kid, kid, String(now))
  const later = [key('a', 0), key('b', Date.now() + 3_600_000)] as const
  t.equal(signingKey([...later]).kid, 'a', 'now, unless told otherwise')
  t.end()
})

test('any key verifies, those of the algorithm sign, and public halves alone are published', (t) => {
  const folder = keyFolder(t, { 'a.pem': 'ed25519', 'b.pem': 'p256', 'c.pem': 'rsa2048' })
  const previous = 'the secret before, of thirty-two bytes and more'.replaceAll(/[ ,]/g, '-')
  for (const [algorithm, kid] of [
    ['EdDSA', 'a'],
    ['ES256', 'b'],
    ['RS256', 'c']
  ] as const) {
    const ring = ringOf({ JWT_ALGORITHM: algorithm, JWT_KEYS: folder, JWT_PREVIOUS_SECRETS: previous })
    t.equal(ring.signing().kid, kid)
    t.equal(ring.byKid.size, 4)
    t.equal(ring.oldest.signWith, previous)
    const shown = publicKeys(ring)
    t.same(
      shown.map(({ kid, kty, alg, use }) => [kid, kty, alg, use]),
      [
        ['a', 'OKP', 'EdDSA', 'sig'],
        ['b', 'EC', 'ES256', 'sig'],
        ['c', 'RSA', 'RS256', 'sig']
      ]
    )
    t.notOk(JSON.stringify(shown).includes('"d"'), 'no private half')
  }
  const secret = 'a-secret-of-thirty-two-bytes-and-more-for-the-tests'
  const ring = ringOf({ JWT_SECRET: secret, JWT_KEYS: folder })
  t.match(ring.signing(), { algorithm: 'HS256', signWith: secret, verifyWith: secret, from: 0 })
  t.match(ring.signing().kid, /^[\w-]{8}$/)
  t.equal(ring.byKid.size, 4, 'the keys of the folder verify too')
  t.equal(ring.byKid.get(ring.signing().kid), ring.signing())
  t.equal(ringOf({ JWT_SECRET: secret }).oldest.signWith, secret)
  t.not(ringOf({ JWT_SECRET: `${secret}2` }).signing().kid, ring.signing().kid)
  t.throws(() => ringOf({ JWT_ALGORITHM: 'EdDSA', JWT_KEYS: temporaryFolder(t) }), {
    message: /^JWT_KEYS=\S+ holds no key for JWT_ALGORITHM=EdDSA: npm run keys -- make makes one$/,
    stack: /^JWT_KEYS=.* makes one$/
  })
  t.end()
})

const subject = {
  id: 7,
  username: 'ada',
  role: 'editor',
  sessionId: 'of-ada',
  authTime: 1_700_000_000_999,
  amr: ['pwd', 'otp']
}

/** What signs and verifies as the service does. */
async function signer() {
  const app = Fastify()
  await app.register(jwt, { secret: 'unused', sign: { iss: issuer, aud: audience, expiresIn: '1h' } })
  return app.jwt
}

test('a token says who and which session, and is good while it lasts', async (t) => {
  const jwt = await signer()
  const keys = ringOf({ JWT_SECRET: 'a-secret-of-thirty-two-bytes-and-more-for-the-tests' })
  const token = signAccessToken(jwt, keys, { ...subject, generation: 3 })
  const claims = verifyAccessToken(jwt, keys, token)
  t.match(claims, {
    sub: '7',
    sid: 'of-ada',
    username: 'ada',
    role: 'editor',
    auth_time: 1_700_000_000,
    amr: ['pwd', 'otp'],
    gen: 3,
    iss: 'gatehouse',
    aud: 'gatehouse-api'
  })
  const other = verifyAccessToken(jwt, keys, signAccessToken(jwt, keys, subject))
  t.notOk('gen' in (other ?? {}), 'a sign-in is no exchange')
  t.not(other?.jti, claims?.jti)

  const { kid, signWith: key } = keys.signing()
  const header = { alg: 'HS256', typ: 'JWT', kid }
  const sign = (change: object) => forge(header, { ...claims, ...change }, { key })
  t.ok(verifyAccessToken(jwt, keys, sign({})), 'so what follows is about what each changes')
  t.ok(verifyAccessToken(jwt, keys, sign({ gen: 0 })))
  t.ok(verifyAccessToken(jwt, keys, sign({ sub: '2147483647' })))
  for (const wrong of [
    { sub: '2147483648' },
    { sub: '0' },
    { sub: '01' },
    { sub: 'x7' },
    { sub: '7x' },
    { sub: '12345678901' },
    { sub: 7 },
    { sub: undefined },
    { sid: 7 },
    { sid: undefined },
    { gen: 'x' },
    { gen: 1.5 },
    { exp: undefined },
    { exp: null },
    { aud: 'another' },
    { aud: undefined },
    { iss: 'another' },
    { iss: undefined }
  ])
    t.equal(verifyAccessToken(jwt, keys, sign(wrong)), undefined, Object.entries(wrong).join())
  for (const none of ['null', '"claims"', '7', '[]'])
    t.equal(verifyAccessToken(jwt, keys, forge(header, none, { key })), undefined, none)
  const expired = sign({ exp: 1_700_000_000 })
  t.equal(verifyAccessToken(jwt, keys, expired), undefined)
  t.match(verifyAccessToken(jwt, keys, expired, { ignoreExpiration: true }), { sub: '7' })

  t.ok(
    verifyAccessToken(jwt, keys, forge({ alg: 'HS256', typ: 'JWT' }, claims, { key })),
    'without a name too'
  )
  const heads: unknown[] = [
    { ...header, kid: 'none' },
    { ...header, kid: 3 },
    { ...header, alg: 'HS512' },
    'null',
    '[]',
    'no JSON',
    ` ${JSON.stringify(header)}`,
    `{"alg":"none",${JSON.stringify(header).slice(1)}`,
    ...['crit', 'b64', 'jku', 'jwk', 'x5u', 'x5c'].map((name) => ({ ...header, [name]: 'x' }))
  ]
  for (const crafted of heads)
    t.equal(verifyAccessToken(jwt, keys, forge(crafted, claims, { key })), undefined, encode(crafted))
  const [head = '', body = '', signature = ''] = token.split('.')
  const respelt = respell(signature)
  t.same(Buffer.from(respelt, 'base64url'), Buffer.from(signature, 'base64url'))
  for (const crafted of [`${head}.${body}.${respelt}`, `${head}.${body}`, `${token}.x`, `${token}=`, ''])
    t.equal(verifyAccessToken(jwt, keys, crafted), undefined, crafted)
})

test('a Bearer header holds one token, in any writing', (t) => {
  for (const header of ['Bearer a.b-c_d~e+f/g==', 'bearer   a.b-c_d~e+f/g==', 'BEARER a.b-c_d~e+f/g==  '])
    t.equal(bearerToken(header), 'a.b-c_d~e+f/g==', header)
  for (const header of [
    '',
    'Bearer',
    'Bearer ',
    'Bearera',
    'Basic a',
    'Bearer a b',
    'Bearer a, Bearer b',
    'x Bearer a'
  ])
    t.equal(bearerToken(header), undefined, header)
  t.equal(headerOf('a'), 'Bearer a')
  t.ok(isRepeated('Bearer a, Bearer b'))
  t.notOk(isRepeated('Bearer a'))
  t.end()
})

test('of a token that counts it is told whose, what for and until when; of another one that it does not', (t) => {
  const permissions = new Set(['users:read', 'roles:read'] as const)
  const key = { ...machine, permissions, networks: ['203.0.113.0/24'] }
  const common = {
    active: true,
    sub: '7',
    username: 'ada',
    role: 'editor',
    scope: 'users:read roles:read',
    exp: 1_700_000_000,
    iss: 'gatehouse'
  }
  const endsAt = 1_700_000_000_999
  t.same(describeToken(undefined), { active: false })
  t.same(describeToken({ identity: { ...person, permissions }, endsAt }), {
    ...common,
    token_type: 'access_token',
    sid: person.sessionId
  })
  const said = { ...common, token_type: 'api_key', client_id: machine.keyId }
  t.same(describeToken({ identity: key, endsAt }), { ...said, allowed_networks: ['203.0.113.0/24'] })
  t.same(describeToken({ identity: { ...key, networks: [] }, endsAt }), said)
  t.end()
})
