import { join } from 'node:path'
import { test } from 'tap'
import { postgresServer, serviceDatabase } from '../database.ts'
import { build } from '../helper.ts'
import { temporaryFolder } from '../process.ts'

interface Variable {
  name: string
  value: string | null
  default_value: string | null
  source: string
  secret: boolean
}

const secret = 'a secret of more than thirty-two bytes'

test('an operator sees the state of the service, each variable and where it comes from, and no secret', async (t) => {
  const { app, as } = await build(t, {
    JWT_SECRET: secret,
    JWT_PREVIOUS_SECRETS: 'another secret that verified before this'.replaceAll(' ', '-'),
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://somebody:s3cret@collector.example.com/v1',
    OTEL_SDK_DISABLED: 'TRUE'
  })
  const answer = await app.inject({ url: '/system', headers: await as('admin') })
  t.equal(answer.statusCode, 200)
  const state = answer.json<{ keys: { signs: boolean }[]; configuration: Variable[] }>()
  t.match(state, {
    version: /^\d/,
    node_version: process.version,
    process_id: process.pid,
    workers: 1,
    redis: 'off',
    database: {
      kind: postgresServer === undefined ? 'sqlite' : 'postgresql',
      version: /^\d/,
      bytes: Number,
      wal_bytes: postgresServer === undefined ? Number : null,
      pending: []
    }
  })
  t.ok(answer.body.includes('2026-11-23-identity'))
  t.same(
    state.keys.map(({ signs }) => signs),
    [false, true]
  )
  const variable = (name: string) => state.configuration.find((entry) => entry.name === name)
  t.match(variable('LOG_LEVEL'), { value: 'silent', default_value: 'info', source: 'environment' })
  t.match(variable('PORT'), { value: '3000', default_value: '3000', source: 'default' })
  t.match(variable('REDIS_URL'), { value: null, default_value: null, source: 'default', secret: true })
  t.match(variable('JWT_SECRET'), { value: null, source: 'environment', secret: true })
  t.equal(variable('OTEL_EXPORTER_OTLP_ENDPOINT')?.value, 'https://…@collector.example.com/v1')
  for (const told of [secret, 'another-secret', 's3cret']) t.notOk(answer.body.includes(told), `no ${told}`)
})

test('the checks of the doctor are answered, one examination for all who ask', async (t) => {
  const DATABASE_URL = await serviceDatabase(t)
  const { app, as } = await build(t, { DATABASE_URL, JWT_KEYS: join(temporaryFolder(t), 'none') })
  const headers = await as('admin')
  const ask = async () =>
    (await app.inject({ url: '/system/checks', headers })).json<{
      at: string
      checks: { name: string; ok: boolean; text: string }[]
    }>()
  const [first, second] = await Promise.all([ask(), ask()])
  t.same(first, second)
  t.same(await ask(), first, 'and again within half a minute')
  t.same(
    first.checks.map(({ name, ok }) => [name, ok]),
    [
      'configuration',
      'database',
      'disk',
      'files',
      'keys',
      'data key',
      'passwords',
      'second factors',
      'names',
      'mail',
      'passkeys',
      'proxy',
      'clock',
      'redis'
    ].map((name) => [name, true])
  )
  t.match(first.checks.find(({ name }) => name === 'passwords')?.text, /default ones at admin, user/)
})
