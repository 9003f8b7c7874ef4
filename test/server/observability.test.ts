import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { test } from 'tap'
import { build } from '../helper.ts'
import { root, startServer } from '../process.ts'
import { raw } from '../raw.ts'
import { until } from '../until.ts'

/** Has a process find OpenTelemetry, which is not installed beside the service, among the tools. */
const hook = `
import { registerHooks } from 'node:module'
const tools = ${JSON.stringify(pathToFileURL(join(root, 'tools/x')).href)}
const isOptional = (name) => name.startsWith('@opentelemetry/') || name === '@fastify/otel'
const isOurs = ({ parentURL = '' }) => parentURL.endsWith('/plugins/telemetry.js')
registerHooks({
  resolve: (name, context, next) =>
    next(name, isOptional(name) && isOurs(context) ? { ...context, parentURL: tools } : context)
})`
const NODE_OPTIONS = `--import=data:text/javascript,${encodeURIComponent(hook)}`

const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
const password = 'a password that is in no log'

test('OTEL_SDK_DISABLED and OTEL_TRACES_EXPORTER=none turn traces off, whatever else is set', async (t) => {
  const on = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' }
  // OpenTelemetry is not installed beside the service, so that a start which is to trace fails.
  const advice = /OpenTelemetry is not installed: npm install --no-save @fastify\/otel@\S+ \S+ \S+ \S+$/
  await t.rejects(build(t, on), { message: advice, stack: advice })
  await t.resolves(build(t, { ...on, OTEL_SDK_DISABLED: 'true' }))
  await t.resolves(build(t, { ...on, OTEL_TRACES_EXPORTER: 'none' }))
})

test('what the server does is seen in metrics, logs and traces, and no secret is', async (t) => {
  let spans = ''
  let answers = true
  const collector = createServer((request, response) => {
    request.setEncoding('utf8').on('data', (chunk: string) => (spans += chunk))
    request.on('end', () => answers && response.end('{}'))
  })
  collector.listen(0, '127.0.0.1')
  await once(collector, 'listening')
  t.teardown(() => collector.close())
  t.teardown(() => collector.closeAllConnections())

  const server = await startServer(t, {
    env: {
      NODE_OPTIONS,
      BCRYPT_COST: '4',
      METRICS_PORT: '0',
      ADMIN_PASSWORD: password,
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}/`,
      OTEL_BSP_SCHEDULE_DELAY: '50',
      // Longer than a stop may take.
      OTEL_EXPORTER_OTLP_TIMEOUT: '60000',
      SHUTDOWN_DELAY: '200ms'
    }
  })
  const login = async (given: string) =>
    fetch(`${server.url}/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'admin', password: given })
    })
  t.equal((await login('wrong')).status, 401)
  const pair = (await (await login(password)).json()) as { access_token: string; refresh_token: string }
  const headers = {
    authorization: `Bearer ${pair.access_token}`,
    traceparent: `00-${trace}-00f067aa0ba902b7-01`
  }
  for (const path of ['/users', '/users', '/nowhere', '/users/1?token=hush'])
    await fetch(server.url + path, { headers })
  const malformed = [
    '00-none-of-it-is-hex-01',
    `${headers.traceparent}-more`,
    headers.traceparent.replace('00', 'ff')
  ]
  for (const traceparent of malformed) await fetch(`${server.url}/protected`, { headers: { traceparent } })
  for (let call = 0; call < 5; call++) await fetch(`${server.url}/rate-limited`)
  for (const path of ['/%', `/problems/${'x'.repeat(200)}`]) await fetch(server.url + path)
  await raw(server.url, 'GET /twice HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n')
  await raw(server.url, 'hello\r\n\r\n')

  const [, address = ''] = /metrics at (http:[^"]+)/.exec(server.output()) ?? []
  const answer = await fetch(address)
  t.match(answer.headers.get('content-type'), 'text/plain; version=0.0.4')
  const text = await answer.text()
  for (const line of [
    'gatehouse_http_request_duration_seconds_count{method="GET",route="/users",status="200"} 2',
    'gatehouse_http_request_duration_seconds_count{method="GET",route="unknown",status="404"} 1',
    'gatehouse_sign_ins_total{result="success"} 1',
    'gatehouse_sign_ins_total{result="refused"} 1',
    'gatehouse_limit_refusals_total{route="/rate-limited"} 2',
    'gatehouse_cache_answers_total{result="miss"} 1',
    'gatehouse_cache_answers_total{result="hit"} 1'
  ])
    t.match(text, line)
  t.match(text, /^gatehouse_passwords_waiting 0$/m)
  t.match(text, /^nodejs_eventloop_lag_p99_seconds \d/m)
  t.match(text, /^gatehouse_database_query_duration_seconds_count [1-9]/m)
  t.equal((await fetch(`${server.url}/metrics`)).status, 404, 'not where the world can ask')

  const dashboard = readFileSync(join(root, 'deploy/grafana-dashboard.json'), 'utf8')
  const shown = new Set(dashboard.match(/(gatehouse|nodejs)_[a-z0-9_]+/g))
  // Only PostgreSQL has connections to wait for.
  shown.delete('gatehouse_database_pool_waiting')
  t.ok(shown.size > 5)
  for (const name of shown) t.match(text, name, 'what the dashboard shows is there')

  await until(() => spans.includes(trace) && spans.includes('/users/1'))
  t.match(spans, 'gatehouse', 'spans continue the trace of the caller')
  // The last of the lines, which come after their answers.
  await until(() => server.output().includes('"msg":"no request"'))

  const lines = server
    .output()
    .split('\n')
    .flatMap((line) =>
      line.includes('"msg":"request"') ? [JSON.parse(line) as Record<string, unknown>] : []
    )
  t.match(
    lines.find(({ route }) => route === '/users/:id'),
    { reqId: String, method: 'GET', path: '/users/1', status: 200, ms: Number, user: 1, trace }
  )
  t.match(
    lines.find(({ path }) => path === '/nowhere'),
    { status: 404, code: 'NOT_FOUND' }
  )
  t.match(
    lines.find(({ route, status }) => route === '/login' && status === 401),
    { code: 'INVALID_CREDENTIALS' }
  )
  t.ok(lines.every(({ status, code }) => Number(status) >= 400 || code === undefined))
  for (const line of server
    .output()
    .split('\n')
    .filter((line) => line.includes('"msg":"request"')))
    t.equal(line.split('"reqId"').length, 2, 'one id a line')
  for (const [path, status] of [
    ['/%', 400],
    [`/problems/${'x'.repeat(200)}`, 414],
    ['/twice', 400]
  ])
    t.match(
      lines.find((line) => line['path'] === path),
      { reqId: String, method: 'GET', status, address: '127.0.0.1' },
      'what has no route has a line'
    )
  t.match(
    server.output(),
    /"status":400,"code":"BAD_REQUEST","address":"127\.0\.0\.1","reason":"HPE_\w+","msg":"no request"/
  )
  const unclaimed = lines.filter(({ route, trace }) => route === '/protected' && trace === undefined)
  t.equal(unclaimed.length, malformed.length, 'a malformed traceparent is none')
  for (const secret of [password, pair.access_token, pair.refresh_token, 'hush'])
    for (const said of [server.output(), text, spans]) t.notOk(said.includes(secret))

  answers = false
  const before = spans.length
  await fetch(`${server.url}/health/live`)
  await until(() => spans.length > before)
  t.same(await server.stop(), { code: 0, signal: null }, 'a collector that does not answer holds nobody up')
  t.match(server.output(), 'stopping in 0.2 s')
})
