import { test } from 'tap'
import { build } from '../helper.ts'

interface Call {
  url: string
  method?: 'GET' | 'HEAD' | 'POST'
  headers?: Record<string, string>
  remoteAddress?: string
}

type App = Awaited<ReturnType<typeof build>>['app']

/** The status codes of so many calls that are all made before any is answered, as a count of each. */
async function atOnce(app: App, times: number, call: (index: number) => Call) {
  const answers = await Promise.all(Array.from({ length: times }, (_, index) => app.inject(call(index))))
  const counts: Record<number, number> = {}
  for (const { statusCode } of answers) counts[statusCode] = (counts[statusCode] ?? 0) + 1
  return counts
}

test('of 200 calls at once exactly the limit gets through: by address, and by account and role', async (t) => {
  const { app, session, as } = await build(t)
  t.same(await atOnce(app, 200, () => ({ url: '/rate-limited' })), { 200: 3, 429: 197 })
  const [user, admin] = [await session('user'), await as('admin')]
  t.same(await atOnce(app, 200, () => ({ url: '/api/data', headers: user.headers })), { 200: 10, 429: 190 })
  t.same(await atOnce(app, 200, () => ({ url: '/api/data', headers: admin })), { 200: 100, 429: 100 })

  const another = await as('user')
  const again = { url: '/api/data', headers: another, remoteAddress: '198.51.100.7' }
  t.equal(
    (await app.inject(again)).statusCode,
    429,
    'another token and address of the same account is no new budget'
  )
})

test('what is refused says when to try again, and each answer what is left', async (t) => {
  const { app } = await build(t)
  for (const remaining of ['2', '1', '0']) {
    const { statusCode, headers } = await app.inject('/rate-limited')
    t.equal(statusCode, 200)
    t.match(headers, { 'ratelimit-limit': '3', 'ratelimit-remaining': remaining, 'ratelimit-reset': /^\d+$/ })
    t.notOk('retry-after' in headers)
  }
  const { statusCode, headers, json } = await app.inject('/rate-limited')
  t.equal(statusCode, 429)
  const seconds = headers['retry-after']
  t.match(seconds, /^([1-9]|[1-5]\d|60)$/)
  t.match(headers, {
    'ratelimit-limit': '3',
    'ratelimit-remaining': '0',
    'ratelimit-reset': seconds,
    'cache-control': 'no-store'
  })
  t.match(json(), {
    error: 'Too Many Requests',
    message: `Rate limit exceeded. Try again in ${String(seconds)} seconds.`,
    code: 'RATE_LIMITED',
    status: 429
  })
})

test('the window ends when Retry-After said, and is a new one then', async (t) => {
  const { app } = await build(t)
  await atOnce(app, 3, () => ({ url: '/rate-limited' }))
  const { headers } = await app.inject('/rate-limited')
  const { now } = Date
  t.teardown(() => (Date.now = now))
  const wait = Number(headers['retry-after']) * 1_000
  Date.now = () => now() + wait - 2_000
  t.equal((await app.inject('/rate-limited')).statusCode, 429)
  Date.now = () => now() + wait
  t.same(await atOnce(app, 5, () => ({ url: '/rate-limited' })), { 200: 3, 429: 2 })
})

test('refused answers carry the budget too: 400, 401, 403, 404 and 405', async (t) => {
  const { app, as } = await build(t, { RATE_LIMIT_DEFAULT: '7' })
  const user = await as('user')
  const calls: [number, Call][] = [
    [400, { url: '/login', method: 'POST' }],
    [401, { url: '/protected' }],
    [401, { url: '/protected', headers: { authorization: 'Bearer x' } }],
    [403, { url: '/admin', headers: user }],
    [404, { url: '/nowhere' }],
    [405, { url: '/login' }]
  ]
  for (const [status, call] of calls) {
    const { statusCode, headers } = await app.inject(call)
    t.equal(statusCode, status)
    t.match(
      headers,
      { 'ratelimit-limit': /^\d+$/, 'ratelimit-remaining': /^\d+$/, 'ratelimit-reset': /^\d+$/ },
      call.url
    )
  }
})

test('unknown paths, wrong methods and invented credentials spend the one budget of their address', async (t) => {
  const { app } = await build(t, { RATE_LIMIT_DEFAULT: '5' })
  const invented = (index: number) => ({ authorization: `Bearer invented-${index}` })
  t.same(await atOnce(app, 2, (index) => ({ url: `/nowhere/${index}` })), { 404: 2 })
  t.same(await atOnce(app, 1, () => ({ url: '/login' })), { 405: 1 })
  t.same(await atOnce(app, 8, (index) => ({ url: '/protected', headers: invented(index) })), {
    401: 2,
    429: 6
  })
  t.same(await atOnce(app, 3, (index) => ({ url: `/elsewhere/${index}` })), { 429: 3 })
  t.equal((await app.inject('/health/live')).statusCode, 200, 'unlimited')
})

test('other spellings of a path, a query or HEAD open no new budget', async (t) => {
  const { app } = await build(t)
  await app.inject('/rate-limited')
  t.equal((await app.inject({ url: '/rate-limited', method: 'HEAD' })).statusCode, 200)
  t.equal((await app.inject('/rate-limited?fresh=1')).statusCode, 200)
  for (const url of ['/rate-limited', '/rate-limited?x=2', '/rate%2Dlimited', '/%72ate-limited'])
    t.equal((await app.inject(url)).statusCode, 429, url)
  t.equal((await app.inject({ url: '/rate-limited', method: 'HEAD' })).statusCode, 429)
  for (const url of [
    '/rate-limited/',
    '//rate-limited',
    '/RATE-LIMITED',
    '/rate-limited;a',
    '/./rate-limited'
  ])
    t.not((await app.inject(url)).statusCode, 200, url)
})

test('IPv6 callers count by /64, IPv4 ones each, mapped or not', async (t) => {
  const { app } = await build(t)
  const from = async (remoteAddress: string) =>
    (await app.inject({ url: '/rate-limited', remoteAddress })).statusCode
  t.same(
    [await from('2001:db8:0:1::1'), await from('2001:db8:0:1:ffff::2'), await from('2001:DB8::1:0:0:0:3')],
    [200, 200, 200]
  )
  t.equal(await from('2001:db8:0:1:1:2:3:4'), 429)
  t.equal(await from('2001:db8:0:2::1'), 200, 'another network')

  t.same([await from('192.0.2.1'), await from('::ffff:192.0.2.1'), await from('192.0.2.1')], [200, 200, 200])
  t.equal(await from('::ffff:192.0.2.1'), 429, 'the same address mapped into IPv6')
  t.equal(await from('::ffff:192.0.2.2'), 200, 'mapped addresses are not lumped together')
})

const forwarding = [
  'x-forwarded-for',
  'forwarded',
  'x-real-ip',
  'x-client-ip',
  'x-cluster-client-ip',
  'cf-connecting-ip',
  'true-client-ip',
  'fastly-client-ip',
  'x-forwarded',
  'forwarded-for',
  'x-original-forwarded-for',
  'via',
  'x-forwarded-host',
  'x-remote-ip',
  'x-remote-addr',
  'x-originating-ip',
  'client-ip',
  'x-azure-clientip',
  'x-appengine-user-ip',
  'fly-client-ip',
  'x-envoy-external-address',
  'do-connecting-ip'
]

test('no header forges an address by default', async (t) => {
  const { app } = await build(t)
  const all = (index: number) =>
    Object.fromEntries(
      forwarding.map((name) => [name, name === 'forwarded' ? `for=203.0.113.${index}` : `203.0.113.${index}`])
    )
  t.same(await atOnce(app, 20, (index) => ({ url: '/rate-limited', headers: all(index) })), {
    200: 3,
    429: 17
  })
})

test('X-Forwarded-For counts from a trusted proxy alone, and only its last untrusted entry', async (t) => {
  const { app } = await build(t, { TRUST_PROXY: '10.0.0.0/8' })
  const call = (remoteAddress: string, chain: string) => ({
    url: '/rate-limited',
    remoteAddress,
    headers: { 'x-forwarded-for': chain }
  })
  t.same(
    await atOnce(app, 9, (index) => call('192.0.2.9', `203.0.113.${index}`)),
    { 200: 3, 429: 6 },
    'a stranger forges nothing'
  )
  t.same(
    await atOnce(app, 9, (index) => call('10.0.0.1', `203.0.113.${index}`)),
    { 200: 9 },
    'clients of the proxy count each'
  )
  const forged = await atOnce(app, 9, (index) =>
    call('10.0.0.1', `198.51.100.${index}, 203.0.113.99, 10.1.1.1`)
  )
  t.same(forged, { 200: 3, 429: 6 }, 'what a client puts in front changes nothing')
})
