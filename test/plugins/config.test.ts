import { test } from 'tap'
import { defaultPasswords, Environment, loadConfig } from '../../plugins/config.ts'

const strong = 'Zk3vQ8wT1xN6yB9mR4cH7jL2pF5sD0gA'
const production = { NODE_ENV: 'production', JWT_SECRET: strong }

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
  JWT_KEYS: ['two\nlines'],
  REFRESH_TOKEN_TTL: ['forever', '1.5d'],
  SESSION_TTL: ['1y'],
  REFRESH_GRACE: ['x'],
  BCRYPT_COST: ['3', '16', 'ten'],
  ADMIN_USERNAME: ['ab', 'two words', '-dash', 'x'.repeat(51)],
  RATE_LIMIT_DEFAULT: ['0', '-5', 'unlimited', '1e3'],
  // Either would let a client forge its address.
  TRUST_PROXY: [
    'true',
    '1',
    '10.0.0.1',
    '0.0.0.0/0',
    '10.0.0.0/33',
    '::/0',
    'fd00::/129',
    'loopback',
    '1.2.3/8'
  ],
  CORS_ORIGIN: [
    'null',
    'app.example.com',
    'https://app.example.com/',
    'https://a.example; https://b.example'
  ],
  BODY_LIMIT: ['12', '1gb']
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

test('every variable is covered by the refusals here, or is a secret or an enumeration tested below', async (t) => {
  const elsewhere = ['DATABASE_URL', 'REDIS_URL', 'JWT_SECRET', 'JWT_PREVIOUS_SECRETS', 'ADMIN_PASSWORD']
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
    ADMIN_PASSWORD: 'private',
    DATABASE_URL: 'mysql://user:private@host/db'
  }
  for (const [name, value] of Object.entries(cases)) {
    const message = refusal({ [name]: value })
    t.match(message, name)
    t.notMatch(message, value)
    t.notMatch(message, 'private')
  }
  t.match(
    refusal({ ADMIN_PASSWORD: 'é'.repeat(37) }),
    /ADMIN_PASSWORD .* 8 to 72 bytes/,
    'bytes count, not characters'
  )
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
  t.match(refusal({ NODE_ENV: 'production' }), /JWT_SECRET must be set/)
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

test('production refuses default passwords, in any case', async (t) => {
  const long = defaultPasswords.filter((password) => password.length >= 8)
  t.ok(long.length > 0)
  for (const password of [...long, 'PASSWORD123', 'Changeme']) {
    t.match(refusal({ ...production, ADMIN_PASSWORD: password }), /ADMIN_PASSWORD/, password)
    t.equal(loadConfig({ ADMIN_PASSWORD: password }).ADMIN_PASSWORD, password, 'development takes it')
  }
})
