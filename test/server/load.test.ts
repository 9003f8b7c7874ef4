import Fastify from 'fastify'
import fp from 'fastify-plugin'
import { connect, type Socket } from 'node:net'
import { test } from 'tap'
import service from '../../app.ts'
import { loadConfig } from '../../core/config/load.ts'
import { serverOptions } from '../../server/options.ts'
import { build } from '../helper.ts'
import { until } from '../until.ts'

/** Holds up the event loop, at rest. */
const block = (milliseconds: number) =>
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)

test('a server that lags behind refuses with 503, tells its health, and recovers', async (t) => {
  const { app, as } = await build(t, { MAX_EVENT_LOOP_DELAY: '300' })
  const headers = await as('user')
  const ask = (url: string) => app.inject({ url, headers })
  const lag = setInterval(() => block(600), 1)
  t.teardown(() => clearInterval(lag))
  let refused = await ask('/protected')
  await until(async () => (refused = await ask('/protected')).statusCode === 503)
  t.match(refused.headers, {
    'content-type': /^application\/problem\+json/,
    'retry-after': '5',
    'x-content-type-options': 'nosniff'
  })
  t.match(refused.json(), { code: 'OVERLOADED', status: 503, request_id: String })
  t.equal((await ask('/health/live')).statusCode, 200)
  t.equal((await ask('/health/ready')).statusCode, 200)

  clearInterval(lag)
  await until(async () => (await ask('/protected')).statusCode === 200)
})

test('too many passwords at once are refused with 503, and the others are checked', async (t) => {
  const { app } = await build(t, { BCRYPT_COST: '8' })
  const attempt = (_: unknown, index: number) =>
    app.inject({
      method: 'POST',
      url: '/login',
      remoteAddress: `10.${index >> 8}.${index & 255}.1`,
      payload: { username: `nobody-${index}`, password: 'not this one' }
    })
  const responses = await Promise.all(Array.from({ length: 300 }, attempt))
  const refused = responses.filter(({ statusCode }) => statusCode === 503)
  t.ok(refused.length > 0, 'more than the queue takes')
  t.ok(refused.length < 300, 'those in the queue are answered')
  for (const response of refused) {
    t.match(response.headers['retry-after'], /^\d+$/)
    // Whoever waits for the database instead is told so.
    t.match(response.json<{ code: string }>().code, /^(TOO_MANY_SIGN_INS|DATABASE_BUSY)$/)
  }
  t.equal(responses.filter(({ statusCode }) => statusCode === 401).length, 300 - refused.length)
})

/** What a connection brings until the server ends it. */
const untilClosed = (socket: Socket) =>
  new Promise<string>((resolve) => {
    let answer = ''
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')))
    socket.on('error', () => undefined)
    socket.on('end', () => resolve(answer))
  })

test(
  'slow, half-open and silent clients are cut off while others are served',
  { timeout: 120_000 },
  async (t) => {
    const config = loadConfig({
      NODE_ENV: 'test',
      DATABASE_URL: ':memory:',
      LOG_LEVEL: 'silent',
      MAX_EVENT_LOOP_DELAY: '0'
    })
    const options = serverOptions(config)
    t.match(options, {
      requestTimeout: 30_000,
      keepAliveTimeout: 72_000,
      connectionTimeout: 60_000,
      http: { headersTimeout: 15_000 }
    })
    // The same server with less patience, so that the test need not wait for as long; enough of it for a machine that is busy.
    const app = Fastify({
      ...options,
      requestTimeout: 4_000,
      keepAliveTimeout: 2_000,
      connectionTimeout: 5_000,
      http: { ...options.http, headersTimeout: 3_000, connectionsCheckingInterval: 200 }
    })
    const closed: Promise<unknown>[] = []
    app.server.on('connection', (socket) =>
      closed.push(new Promise((resolve) => socket.on('close', resolve)))
    )
    t.teardown(() => app.close())
    await app.register(fp(service), { config })
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    const { port } = new URL(url)

    const sent = {
      silent: '',
      headers: 'GET /health/live HTTP/1.1\r\nHost: slow\r\nX-Half: ',
      body: 'POST /refresh HTTP/1.1\r\nHost: slow\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"user'
    }
    const clients = Object.entries(sent).flatMap(([kind, bytes]) =>
      Array.from({ length: 100 }, () => {
        // It does not close its half when the server has closed the other.
        const socket = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true })
        if (bytes) socket.write(bytes)
        t.teardown(() => socket.destroy())
        return { kind, answer: untilClosed(socket) }
      })
    )
    // More than the buffers on the way hold, and none of it is taken.
    const deaf = connect(Number(port), '127.0.0.1').pause()
    deaf.on('error', () => undefined)
    deaf.write('GET /openapi.json HTTP/1.1\r\nHost: deaf\r\n\r\n'.repeat(40))
    t.teardown(() => deaf.destroy())
    for (let asked = 0; asked < 20; asked++) {
      const response = await fetch(`${url}/cached-data`)
      t.equal(response.status, 200)
      await response.text()
    }
    for (const { kind, answer } of clients) {
      const text = await answer
      if (!text.startsWith('HTTP/1.1 408 ') || !text.includes('"code":"REQUEST_TIMEOUT"'))
        t.fail(`${kind} was answered with ${text.slice(0, 200)}`)
    }
    t.equal((await fetch(`${url}/health/live`)).status, 200)
    t.ok(closed.length > clients.length, 'all have been there')
    // The deaf one for twice its time: that its last bytes were taken counts as activity.
    await Promise.all(closed)
  }
)
