import { writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'tap'
import { processEnvironment } from '../../core/config/env-file.ts'
import { Environment } from '../../core/config/environment.ts'
import { defaultPasswords } from '../../core/accounts/defaults.ts'
import { loadConfig } from '../../core/config/load.ts'
import { temporaryFolder } from '../process.ts'

const strong = 'Zk3vQ8wT1xN6yB9mR4cH7jL2pF5sD0gA'
const DATA_KEY = 'pG7wS0mVq1kXh3JtY9nLc5RzB2dFe8uTa6oKxWQ4jis='
const production = { NODE_ENV: 'production', JWT_SECRET: strong, DATA_KEY }

/** What the boot prints for this environment; the test fails when it is accepted. */
function refusal(env: Record<string, string>): string {
  try {
    loadConfig(env)
  } catch (error) {
    if (error instanceof Error) return error.message
    throw error
  }
  throw new Error(`accepted: ${JSON.stringify(env)}`)
}

test('an empty environment is development with the documented defaults', async (t) => {
  t.match(loadConfig({}), {
    NODE_ENV: 'development',
    HOST: '127.0.0.1',
    PORT: 3000,
    DATABASE_URL: 'file:./data/gatehouse.db',
    ACCESS_TOKEN_TTL: 3_600_000,
    RATE_LIMIT_DEFAULT: 300,
    TRUST_PROXY: [],
    CORS_ORIGIN: [],
    BCRYPT_COST: 10
  })
  t.equal(loadConfig({}).JWT_SECRET, undefined)
  t.equal(loadConfig({ PORT: '', LOG_LEVEL: '' }).PORT, 3000, 'an empty variable counts as unset')
})

test('what is set is decoded: integers, durations in milliseconds, lists', async (t) => {
  const config = loadConfig({
    PORT: '0',
    ACCESS_TOKEN_TTL: '15m',
    REFRESH_TOKEN_TTL: '30d',
    TRUST_PROXY: '10.0.0.0/8, fd00::/8',
    CORS_ORIGIN: 'https://app.example.com,http://localhost:5173'
  })
  t.match(config, {
    PORT: 0,
    ACCESS_TOKEN_TTL: 900_000,
    REFRESH_TOKEN_TTL: 2_592_000_000,
    TRUST_PROXY: ['10.0.0.0/8', 'fd00::/8'],
    CORS_ORIGIN: ['https://app.example.com', 'http://localhost:5173']
  })
})

const refused: Record<string, string[]> = {
  NODE_ENV: ['prod', 'PRODUCTION'],
  HOST: ['two words', 'http://localhost'],
  PORT: ['http', '-1', '65536', '3000.7', '0x10', '1e3', ' 80', 'Infinity', '99999999999999999999'],
  LOG_LEVEL: ['verbose', 'INFO'],
  ACCESS_TOKEN_TTL: ['3600', '1 hour', '0s', '-1h', '25h', '1ms'],
  METRICS_PORT: ['-1', '65536', 'x'],
  OTEL_EXPORTER_OTLP_ENDPOINT: ['localhost:4318', 'grpc://host'],
  REDIS_PREFIX: ['two words', ''.padEnd(51, 'x')],
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: ['localhost:4318/v1/traces'],
  OTEL_SDK_DISABLED: ['yes', '1', ' true'],
  KEEP_ALIVE_TIMEOUT: ['600', '0s', '999ms', '2h'],
  SHUTDOWN_DELAY: ['5', '0', '6m'],
  JWT_KEYS: ['two\nlines'],
  REFRESH_TOKEN_TTL: ['forever', '1.5d', '999ms', '3651d', '999999999d'],
  SESSION_TTL: ['1y', '1ms', '3651d', '999999999d', '99999999999d'],
  REFRESH_GRACE: ['x', '0s', '2h', '999999999d'],
  BCRYPT_COST: ['3', '16', 'ten'],
  ADMIN_USERNAME: ['ab', 'two words', '-dash', 'x'.repeat(51)],
  RATE_LIMIT_DEFAULT: ['0', '-5', 'unlimited', '1e3'],
  PASSKEY_ORIGINS: [
    'app.example.com',
    'http://app.example.com',
    'https://app.example.com/path',
    'android:app'
  ],
  // Either would let a client forge its address.
  TRUST_PROXY: [
    'true',
    '1',
    '10.0.0.1',
    '0.0.0.0/0',
    '10.0.0.0/33',
    '::/0',
    '::ffff:0:0/96',
    '::ffff:10.0.0.0/95',
    'fd00::/129',
    'loopback',
    '1.2.3/8'
  ],
  CORS_ORIGIN: [
    'null',
    'app.example.com',
    'https://app.example.com/',
    'capacitor://localhost/',
    'file://',
    '://localhost',
    'https://',
    'https://a.example; https://b.example'
  ],
  HSTS: ['on', 'max-age=1'],
  PUBLIC_URL: [
    'example.com',
    'http://example.com',
    'https://',
    'https://example.com?a=b',
    'https://example.com/#a',
    'https://eve@example.com',
    'https://exa mple.com',
    'ftp://example.com',
    'http://localhost.example.com'
  ],
  BODY_LIMIT: ['12', '1gb'],
  RECOVERY_URL: ['/recover', 'http://app.example.com/recover', 'https://app.example.com/?token='],
  MAIL_FROM: ['nobody', 'a@b@c', 'Two <a@example.com> <b@example.com>', 'a@example.com\nBcc: b@example.com']
}

for (const [name, values] of Object.entries(refused)) {
  test(`${name} refuses what it does not take, saying the value and what it takes`, async (t) => {
    for (const value of values) {
      const message = refusal({ [name]: value })
      t.match(message, `${name}=${JSON.stringify(value)}`, value)
      t.match(message, /it takes ./, value)
    }
  })
}

test('a lifetime that another one would cut short is refused, with both names', async (t) => {
  for (const [env, message] of [
    [
      { REFRESH_TOKEN_TTL: '30m' },
      /ACCESS_TOKEN_TTL is not accepted: it is longer than REFRESH_TOKEN_TTL, 1800/
    ],
    [
      { SESSION_TTL: '7d' },
      /REFRESH_TOKEN_TTL is not accepted: it is longer than SESSION_TTL, 604800 seconds/
    ],
    [
      { REFRESH_GRACE: '10m', ACCESS_TOKEN_TTL: '1m', REFRESH_TOKEN_TTL: '5m' },
      /REFRESH_GRACE is not accepted: it is longer than REFRESH_TOKEN_TTL/
    ]
  ] as const)
    t.match(refusal(env), message)
  t.ok(loadConfig({ ACCESS_TOKEN_TTL: '24h', REFRESH_TOKEN_TTL: '24h', SESSION_TTL: '24h' }))
})

test('every variable is covered by the refusals here, or is a secret or an enumeration tested below', async (t) => {
  const elsewhere = [
    'DATABASE_URL',
    'REDIS_URL',
    'JWT_SECRET',
    'JWT_PREVIOUS_SECRETS',
    'DATA_KEY',
    'DATA_PREVIOUS_KEYS',
    'ADMIN_PASSWORD',
    'MAIL_URL'
  ]
  const tested = [...Object.keys(refused), ...elsewhere]
  const closed = Object.entries(Environment.properties).flatMap(([name, schema]) =>
    'enum' in schema || schema.type === 'integer' ? [name] : []
  )
  t.same(
    Object.keys(Environment.properties).filter((name) => !tested.includes(name) && !closed.includes(name)),
    []
  )
  for (const name of closed) t.match(refusal({ [name]: 'no such value' }), name)
})

test('secret values are never printed', async (t) => {
  const cases = {
    REDIS_URL: 'http://user:private@host',
    JWT_SECRET: 'short-and-private',
    JWT_PREVIOUS_SECRETS: 'short-and-private-too',
    DATA_KEY: 'short-and-private',
    DATA_PREVIOUS_KEYS: 'short-and-private-too',
    ADMIN_PASSWORD: 'private',
    MAIL_URL: 'http://user:private@host',
    DATABASE_URL: 'mysql://user:private@host/db'
  }
  for (const [name, value] of Object.entries(cases)) {
    const message = refusal({ [name]: value })
    t.match(message, name)
    t.notMatch(message, value)
    t.notMatch(message, 'private')
  }
  t.match(refusal({ ADMIN_PASSWORD: 'é'.repeat(257) }), /ADMIN_PASSWORD .* 8 to 256 characters/)
  t.equal(loadConfig({ ADMIN_PASSWORD: 'é'.repeat(256) }).ADMIN_PASSWORD?.length, 256)
})

test('a password that a URL cannot hold as it is is refused by name, and not printed', async (t) => {
  const passwords = ['a/b+c', '12/34', 'a#b', '12#34', 'a?b', '12?34', '100%', 'a%zz']
  for (const [name, scheme] of [
    ['DATABASE_URL', 'postgres'],
    ['REDIS_URL', 'redis']
  ] as const) {
    for (const password of passwords) {
      const message = refusal({ [name]: `${scheme}://gate:${password}@db.example.com:5432/gatehouse` })
      t.match(message, new RegExp(`${name} is not accepted.*%2F`))
      t.notOk(message.includes(password), password)
    }
    for (const password of [...passwords.map(encodeURIComponent), 'a+b=', 'p@ss', 'a:b&c!$*(),;~']) {
      const url = `${scheme}://gate:${password}@db.example.com:5432/gatehouse?a=b`
      t.equal(loadConfig({ [name]: url })[name], url)
    }
  }
  const socket = 'postgres://gate:secret@/gatehouse?host=/var/run/postgresql'
  t.equal(loadConfig({ DATABASE_URL: socket }).DATABASE_URL, socket)
})

test('all that is wrong is said at once, of form and of weakness', async (t) => {
  const message = refusal({
    ...production,
    JWT_SECRET: 'short',
    PORT: 'x',
    TRUST_PROXY: 'true',
    BCRYPT_COST: '4'
  })
  for (const name of ['PORT', 'TRUST_PROXY', 'JWT_SECRET', 'BCRYPT_COST']) t.match(message, name)
})

test('production takes a strong secret', async (t) => {
  t.equal(loadConfig(production).JWT_SECRET, strong)
})

test('production refuses a missing, short, well-known or repetitive secret', async (t) => {
  t.match(refusal({ NODE_ENV: 'production' }), /JWT_SECRET must be set[^]*DATA_KEY must be set/)
  const secrets = [
    'short',
    'super-secret',
    'your-256-bit-secret-your-256-bit-secret',
    'your_jwt_secret_key_change_me_please_now',
    'a-string-secret-at-least-256-bits-long',
    'changeme'.repeat(5),
    'a'.repeat(64),
    'abcabcabcabcabcabcabcabcabcabcabcabc',
    '0123456789abcdef0123456789abcdef'
  ]
  for (const JWT_SECRET of secrets) t.match(refusal({ ...production, JWT_SECRET }), /JWT_SECRET/, JWT_SECRET)
})

const hosts = ['0.0.0.0', '::', '192.168.1.7', 'LOCALHOST.example', 'db', '::ffff:10.0.0.1', '0']
const loopback = ['127.0.0.1', '127.8.9.1', '::1', 'localhost', 'Localhost', '::ffff:127.0.0.1']

test('where others may reach the service, no first password is a common one, a short one or the name', async (t) => {
  const weak = [
    '12345678',
    ...defaultPasswords,
    'PASSWORD123',
    'Changeme',
    'Administrator',
    'the admin of all'
  ]
  for (const ADMIN_PASSWORD of [...weak, '1234567', 'x'.repeat(257)])
    for (const env of [production, ...hosts.map((HOST) => ({ HOST }))]) {
      const message = refusal({ ...env, ADMIN_PASSWORD })
      t.match(message, /ADMIN_PASSWORD is not accepted: it (is|contains) /, ADMIN_PASSWORD)
      t.notMatch(message, ADMIN_PASSWORD)
    }
  const ADMIN_PASSWORD = 'a walk in the early rain'
  for (const env of [production, { HOST: '0.0.0.0' }])
    t.equal(loadConfig({ ...env, ADMIN_PASSWORD }).ADMIN_PASSWORD, ADMIN_PASSWORD)
  for (const password of weak)
    for (const HOST of loopback)
      t.equal(loadConfig({ HOST, ADMIN_PASSWORD: password }).ADMIN_PASSWORD, password, `${HOST} takes it`)
})

test('where others may reach the service, no secret is well known, not even one that only verifies', async (t) => {
  const known = 'your-256-bit-secret-your-256-bit-secret'
  for (const env of [production, { HOST: '0.0.0.0' }]) {
    t.match(refusal({ ...env, JWT_SECRET: known }), /JWT_SECRET is a well-known/)
    t.match(
      refusal({ ...env, JWT_PREVIOUS_SECRETS: `${strong},${known}` }),
      /JWT_PREVIOUS_SECRETS is a well-known/
    )
  }
  t.ok(loadConfig({ JWT_SECRET: known, JWT_PREVIOUS_SECRETS: known }), 'development on loopback takes it')
})

test('a .env that would be passed over in silence, in whole or in part, is refused', (t) => {
  const file = join(temporaryFolder(t), '.env')
  t.equal(processEnvironment(file), process.env, 'none is fine')
  const text = 'NODE_ENV=production\nPORT=4000\n'
  const refusals: [string | Buffer, RegExp][] = [
    [`\ufeff${text}`, /begins with a byte-order mark/],
    [Buffer.from(`\ufeff${text}`, 'utf16le'), /is in UTF-16/],
    [Buffer.from(`\ufeff${text}`, 'utf16le').swap16(), /is in UTF-16/],
    [Buffer.from(text, 'utf16le'), /as UTF-16 has/],
    [Buffer.from('ADMIN_USERNAME=ren\xe9\n', 'latin1'), /is not in UTF-8/],
    [text.replaceAll('\n', '\r'), /carriage return alone/],
    ['NODE_ENV: production\n', /does not set NODE_ENV, which it names: a line has to be NODE_ENV=VALUE/],
    ['PORT=4000\nexport NODE_ENV production\n', /does not set NODE_ENV/]
  ]
  for (const [content, message] of refusals) {
    writeFileSync(file, content)
    t.throws(() => processEnvironment(file), { message }, String(message))
  }
  for (const content of [
    '',
    text,
    text.replaceAll('\n', '\r\n'),
    '# NODE_ENV\nexport NODE_ENV = production',
    'JWT_SECRET="a\nb"'
  ]) {
    writeFileSync(file, content)
    t.equal(processEnvironment(file), process.env)
  }
  t.throws(() => processEnvironment(dirname(file)), { message: /cannot be read/ })
  t.end()
})

test('mails have a sender, and in production a place that their links lead to', async (t) => {
  const mail = { MAIL_URL: 'smtps://user:p%40ss@mail.example.com', MAIL_FROM: 'Gatehouse <id@example.com>' }
  t.match(refusal({ MAIL_URL: mail.MAIL_URL }), /MAIL_FROM must be set/)
  t.equal(loadConfig(mail).MAIL_FROM, mail.MAIL_FROM)
  t.match(refusal({ ...production, ...mail }), /PUBLIC_URL must be set/)
  for (const PUBLIC_URL of ['https://id.example.com', 'https://example.com/id/', 'http://localhost:3000'])
    t.equal(loadConfig({ ...production, ...mail, PUBLIC_URL }).PUBLIC_URL, PUBLIC_URL)
  t.match(
    refusal({ ...mail, MAIL_URL: 'smtp://user:p/w@host' }),
    /MAIL_URL is not accepted: in a name or a password/
  )
})
