import { test } from 'tap'
import { WindowCounter } from '../../core/limits/window-counter.ts'
import { fakeClocks } from '../clock.ts'
import { build } from '../helper.ts'
import { onRedis, scratchRedis } from '../redis.ts'

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
    t.equal(headers['ratelimit-policy'], '"getRateLimited";q=3;w=60')
    t.equal(headers['ratelimit'], `"getRateLimited";r=${remaining};t=${String(headers['ratelimit-reset'])}`)
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
    ratelimit: `"getRateLimited";r=0;t=${String(seconds)}`,
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
  const clocks = fakeClocks(t)
  const { app } = await build(t)
  await atOnce(app, 3, () => ({ url: '/rate-limited' }))
  const { headers } = await app.inject('/rate-limited')
  clocks.pass(Number(headers['retry-after']) * 1_000 - 1)
  t.equal((await app.inject('/rate-limited')).statusCode, 429)
  clocks.pass(1)
  t.same(await atOnce(app, 5, () => ({ url: '/rate-limited' })), { 200: 3, 429: 2 })
})

test('a clock that is put back, or forward, makes no window longer or shorter', async (t) => {
  const { app } = await build(t)
  const clocks = fakeClocks(t)
  await atOnce(app, 4, () => ({ url: '/rate-limited' }))
  for (const hours of [-1, 2]) {
    clocks.set(hours * 3_600_000)
    const { statusCode, headers } = await app.inject('/rate-limited')
    t.equal(statusCode, 429)
    t.match(headers['retry-after'], /^([1-9]|[1-5]\d|60)$/)
    t.equal(headers['ratelimit-reset'], headers['retry-after'])
  }
  clocks.pass(60_000)
  t.equal((await app.inject('/rate-limited')).statusCode, 200)
})

test('counting more callers than there is room for forgets those whose windows end next, and no others', (t) => {
  const clocks = fakeClocks(t)
  const counter = new WindowCounter(60_000, 2)
  t.match(counter.count('first'), { current: 1, ttl: 60_000 })
  clocks.pass(10_000)
  counter.count('second')
  t.equal(counter.count('first').current, 2)
  counter.count('third')
  t.equal(counter.count('second').current, 2)
  t.equal(counter.count('first').current, 1, 'the oldest window has given way')
  t.equal(counter.count('third').current, 2)
  t.end()
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

interface Standing {
  name: string
  by: string
  requests: number
  remaining: number
  reset: number
}

/** The budgets of a caller by their names, as GET /me/limits shows them. */
async function limitsOf(app: App, headers: Record<string, string>) {
  const { limits } = (await app.inject({ url: '/me/limits', headers })).json<{ limits: Standing[] }>()
  return {
    names: limits.map(({ name }) => name),
    limits: new Map(limits.map((limit) => [limit.name, limit]))
  }
}

for (const where of ['memory', 'Redis'] as const) {
  const options = where === 'Redis' ? onRedis : {}
  test(`budgets are seen without being spent, in ${where}`, options, async (t) => {
    const shared = where === 'Redis' ? scratchRedis(t) : {}
    const { app, session } = await build(t, { RATE_LIMIT_DEFAULT: '7', ...shared })
    const [user, admin] = [await session('user'), await session('admin')]
    const full = await limitsOf(app, user.headers)
    t.match(full.limits.get('default'), { by: 'account', requests: 7, remaining: 7, reset: 0 })

    await atOnce(app, 2, () => ({ url: '/protected', headers: user.headers }))
    await atOnce(app, 3, () => ({ url: '/api/data', headers: user.headers }))
    await atOnce(app, 5, () => ({ url: '/rate-limited' }))
    const authorization = `Bearer ${user.refreshToken}`
    const renewed = await app.inject({ method: 'POST', url: '/refresh', headers: { authorization } })
    for (const look of [1, 2]) {
      const { names, limits } = await limitsOf(app, user.headers)
      t.match(limits.get('default'), { by: 'account', remaining: 5, reset: Number }, `look ${look}`)
      t.match(limits.get('getData'), { by: 'account', requests: 10, remaining: 7 })
      t.match(limits.get('getRateLimited'), { by: 'address', requests: 3, remaining: 0 }, 'not below nothing')
      t.match(limits.get('refreshTokens'), { by: 'session', requests: 7, remaining: 6 })
      t.match(limits.get('login'), { by: 'address', remaining: limits.get('login')?.requests, reset: 0 })
      t.match(limits.get('getOwnLimits'), { remaining: 60 - 1 - look }, 'looking has a budget of its own')
      t.equal(names[0], 'default')
      t.notOk(names.includes('sendUserRecovery'), 'not of what they may not call')
    }
    t.equal(renewed.headers['ratelimit-policy'], '"refreshTokens";q=7;w=60')
    const others = await limitsOf(app, admin.headers)
    t.match(others.limits.get('default'), { requests: 7, remaining: 7 }, 'of another account')
    t.match(others.limits.get('refreshTokens'), { remaining: 7 }, 'and of another session')
    t.ok(others.names.includes('sendUserRecovery'))
    const { headers } = await app.inject({ url: '/protected', headers: user.headers })
    t.equal(headers['ratelimit'], `"default";r=4;t=${String(headers['ratelimit-reset'])}`, 'none was spent')
  })
}

test('a route whose name no header can hold stops the start', async (t) => {
  await t.rejects(
    build(t, {}, async (app) => {
      app.route({
        method: 'GET',
        url: '/named',
        config: { access: 'public' },
        schema: { operationId: 'get"Named' },
        handler: () => ''
      })
    }),
    { message: 'GET /named has a name that no header can hold' }
  )
})
