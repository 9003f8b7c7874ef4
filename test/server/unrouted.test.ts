import type { FastifyPluginAsync } from 'fastify'
import { test } from 'tap'
import { build } from '../helper.ts'
import { raw } from '../raw.ts'

/** Routes of a builder who takes whatever comes, and whose answers nobody may get by a request that is none. */
const own: FastifyPluginAsync = async (fastify) => {
  const config = { access: 'public', limit: 'unlimited' } as const
  fastify.get('/*', { config }, async () => ({ caught: true }))
}

const get = (lines: string[], version = '1.1') =>
  [`GET /health/live HTTP/${version}`, 'Connection: close', ...lines, '', ''].join('\r\n')

test('a request names one host: none, two and what is none are a 400', async (t) => {
  const { app } = await build(t, {}, own)
  const url = await app.listen({ port: 0 })
  const hosts = [
    'localhost',
    'Example.COM',
    'a.b-c_d.example:8080',
    'example.com:',
    '127.0.0.1:3000',
    '[::1]',
    '[2001:db8::1]:443',
    '%41.example',
    ''
  ]
  for (const host of hosts) t.match(await raw(url, get([`Host: ${host}`])), /^HTTP\/1\.1 200 /, host)
  const refused = [
    [],
    ['Host: a', 'Host: b'],
    ['Host: a', 'host: a'],
    ['Host: a', 'X: y', 'Host:'],
    ['Host: a b'],
    ['Host: a,b'],
    ['Host: a, a'],
    ['Host: a/b'],
    ['Host: http://a'],
    ['Host: user@a'],
    ['Host: a:b'],
    ['Host: a:1:2'],
    ['Host: a:65536'],
    ['Host: a:-1'],
    ['Host: [::1'],
    ['Host: ::1'],
    ['Host: [a]'],
    ['Host: [::1]a'],
    ['Host: [fe80::1%eth0]'],
    ['Host: [fe80::1%25eth0]'],
    ['Host: a?b'],
    ['Host: a#b'],
    ['Host: a\\b'],
    ['Host: é'],
    ['Host: a%'],
    ['Host: <script>']
  ]
  for (const lines of refused) {
    const answer = await raw(url, get(lines))
    t.match(answer, /^HTTP\/1\.1 400 [^]*"code":"HOST_REFUSED"/, lines.join())
    t.match(answer, /x-content-type-options: nosniff/i, lines.join())
  }
  t.match(await raw(url, get([], '1.0')), /^HTTP\/1\.1 200 /, 'HTTP/1.0 need not name any')
  t.match(await raw(url, get(['Host: a', 'Host: b'], '1.0')), /^HTTP\/1\.1 400 /)
})

test('what no router may read reaches no route, not even one that takes all', async (t) => {
  const { app } = await build(t, {}, own)
  t.same((await app.inject('/whatever')).json(), { caught: true })
  for (const path of ['/%', '/%ff', '/problems/%ff']) {
    const { statusCode, headers } = await app.inject(path)
    t.equal(statusCode, 400, path)
    t.match(headers, { 'ratelimit-limit': /\d/, 'cache-control': 'no-store' }, 'it costs the budget')
  }
})

test('the server as a whole is no resource', async (t) => {
  const { app } = await build(t, {}, own)
  const url = await app.listen({ port: 0 })
  for (const method of ['GET', 'OPTIONS']) {
    const answer = await raw(url, `${method} * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    t.match(answer, /^HTTP\/1\.1 400 [^]*"code":"BAD_REQUEST"/, method)
  }
})

test('an expectation but 100-continue is a 417', async (t) => {
  const { app } = await build(t)
  const url = await app.listen({ port: 0 })
  const refused = await raw(url, get(['Host: x', 'Expect: the-best']))
  t.match(refused, /^HTTP\/1\.1 417 [^]*"code":"EXPECTATION_FAILED"/)
  t.match(
    await raw(url, get(['Host: x', 'Expect: 100-continue'])),
    /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /
  )
})
