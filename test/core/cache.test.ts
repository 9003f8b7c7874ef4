import Fastify, { type FastifyReply, type FastifyRequest } from 'fastify'
import { createHash } from 'node:crypto'
import { test } from 'tap'
import { computeAnswer } from '../../core/cache/compute.ts'
import { keyOf } from '../../core/cache/key.ts'
import { cacheFault, type CachePolicy } from '../../core/cache/policy.ts'
import { RedisAnswers } from '../../core/cache/redis-answers.ts'
import { sendAnswer, type Source } from '../../core/cache/send.ts'
import { SingleFlight } from '../../core/cache/single-flight.ts'
import { AnswerStore, type CachedAnswer } from '../../core/cache/store.ts'
import type { SessionIdentity } from '../../core/sessions/identities.ts'
import { fakeClocks } from '../clock.ts'
import { person } from '../identities.ts'
import { onRedis, redisToLose } from '../redis.ts'
import { until } from '../until.ts'

const policy: CachePolicy = { ttl: 60, vary: 'public', tags: ['users', 'roles'] }

const answerOf = (body: string, more: Partial<CachedAnswer> = {}): CachedAnswer => ({
  body,
  type: 'text/plain',
  etag: `"${body}"`,
  storedAt: performance.now(),
  expiresAt: performance.now() + 60_000,
  tags: ['users'],
  ...more
})

test('a cache is for reading, for a while, and for those who may', (t) => {
  const faultOf = (
    change: Partial<Record<keyof CachePolicy, unknown>>,
    method = 'GET',
    access: string | undefined = 'public'
  ) => cacheFault({ ...policy, ...change } as CachePolicy, { method, access })
  for (const ttl of [1, 60, 86_400]) t.equal(faultOf({ ttl }), undefined)
  t.equal(faultOf({}, 'HEAD'), undefined)
  t.equal(faultOf({ tags: [] }), undefined)
  for (const vary of ['role', 'user'] as const) {
    for (const access of ['users:read', undefined])
      t.equal(cacheFault({ ...policy, vary }, { method: 'GET', access }), undefined)
    t.match(faultOf({ vary }), `is public: its cache cannot vary by ${vary}`)
  }
  for (const ttl of [0, -1, 1.5, 86_401, NaN, '60'])
    t.match(
      faultOf({ ttl }),
      `keeps answers for ${String(ttl)} seconds: that takes an integer from 1 to 86400`
    )
  for (const method of ['POST', 'DELETE']) t.match(faultOf({}, method), 'for GET alone')
  t.match(faultOf({ vary: 'all' }), 'unknown cache.vary: "all"')
  t.match(faultOf({ tags: undefined }), 'declares no cache.tags')
  t.match(faultOf({}, 'GET', 'users:read'), 'is guarded: its cache cannot be public')
  t.end()
})

test('answers are kept in so many bytes: what was used longest ago goes first', (t) => {
  const store = new AnswerStore(1_600)
  const kept = () => ['a', 'b', 'c'].filter((key) => store.get(key))
  for (const key of ['a', 'b', 'c']) store.set(key, answerOf('x'.repeat(32)))
  t.same(kept(), ['a', 'b', 'c'], 'a key, its body and 500 bytes each')
  store.get('a')
  store.set('d', answerOf('y'.repeat(32)))
  t.same(kept(), ['a', 'c'])
  store.set('a', answerOf('x'.repeat(33)))
  t.same(kept(), ['a', 'c'], 'what is replaced is counted once')
  store.set('a', answerOf('x'.repeat(34)))
  t.same(kept(), ['a', 'c'])
  store.set('b', answerOf('x'.repeat(34)))
  t.same(
    kept(),
    ['a', 'b', 'c']
      .filter((key) => key !== 'a')
      .slice(0, 2)
      .sort(),
    'up to the last byte'
  )
  t.end()
})

test('a kept answer ends with its time, or a purge of one of its tags', (t) => {
  const clocks = fakeClocks(t)
  const store = new AnswerStore(10_000)
  store.set('short', answerOf('x', { expiresAt: performance.now() + 1_000 }))
  store.set('users', answerOf('x', { tags: ['users', 'roles'] }))
  store.set('roles', answerOf('x', { tags: ['roles'] }))
  store.set('none', answerOf('x', { tags: [] }))
  const kept = () => ['short', 'users', 'roles', 'none'].filter((key) => store.get(key))
  clocks.pass(999)
  t.same(kept(), ['short', 'users', 'roles', 'none'])
  clocks.pass(1)
  t.same(kept(), ['users', 'roles', 'none'])
  store.purge(['users', 'audit'])
  t.same(kept(), ['roles', 'none'])
  store.purge('all')
  t.same(kept(), [])
  t.end()
})

/** Who asks a route for what. */
interface Asked {
  path?: string
  /** Whether the route reads its query. */
  query?: boolean
  user?: SessionIdentity | null
  headers?: Record<string, string>
}

/** What `look` makes of a request for a URL, of a route with a schema for its query or without. */
async function ask<T>(
  url: string,
  look: (request: FastifyRequest, reply: FastifyReply) => T,
  { path = '/things', query = false, user = person, headers = {} }: Asked = {}
) {
  const app = Fastify()
  app.decorateRequest('user', null)
  const seen: T[] = []
  app.get(path, query ? { schema: { querystring: {} } } : {}, (request, reply) => {
    request.user = user
    seen.push(look(request, reply))
    if (!reply.sent) return reply.send()
    return reply
  })
  const answer = await app.inject({ url, headers })
  return { seen: seen[0], answer }
}

test('answers are told apart by what the route reads, and by who may share them', async (t) => {
  const keyFor = async (
    url: string,
    vary: CachePolicy['vary'],
    { path = '/things', query = false, user = person }: Asked = {}
  ) => {
    const route = {
      method: 'GET',
      url: path,
      handler: () => '',
      ...(query && { schema: { querystring: {} } })
    }
    const key = keyOf(route, vary)
    const { seen, answer } = await ask(url, (request) => key(request), { path, query, user })
    return seen ?? answer.statusCode
  }
  t.equal(await keyFor('/things?b=1', 'public'), '/things', 'a query that nobody reads does not count')
  t.equal(await keyFor('/things?b=1&a=2', 'public', { query: true }), '/things?[["a","2"],["b","1"]]')
  t.equal(await keyFor('/things?a=2&b=1', 'public', { query: true }), '/things?[["a","2"],["b","1"]]')
  t.equal(await keyFor('/things/3?x=1', 'public', { path: '/things/:id' }), '/things/3')
  t.equal(await keyFor('/files/a/b?x=1', 'public', { path: '/files/*' }), '/files/a/b')
  t.equal(await keyFor('/things', 'role'), '/things role:editor')
  t.equal(await keyFor('/things', 'user'), '/things user:7')
  t.equal(await keyFor('/things', 'user', { user: null }), 500, 'nobody has no answers of their own')
  t.equal(await keyFor('/things', 'public', { user: null }), '/things')
})

test('what a handler returns is kept as it will be sent, and nothing else is', async (t) => {
  const clocks = fakeClocks(t)
  const computed = async (run: (reply: FastifyReply) => unknown) => {
    const app = Fastify()
    let made: CachedAnswer | undefined
    app.get('/', async (_request, reply) => {
      made = await computeAnswer(() => run(reply), reply, policy)
      return ''
    })
    const { statusCode } = await app.inject('/')
    return made ?? statusCode
  }
  clocks.pass(5)
  const now = performance.now()
  const body = '{"a":1}'
  t.same(await computed(() => ({ a: 1 })), {
    body,
    type: 'application/json; charset=utf-8',
    etag: `"${createHash('sha1').update(body).digest('base64url')}"`,
    storedAt: now,
    expiresAt: now + 60_000,
    tags: policy.tags
  })
  const typed = (reply: FastifyReply) => {
    void reply.type('application/geo+json').serializer(String)
    return 'x'
  }
  t.match(await computed(typed), { body: 'x', type: 'application/geo+json' })
  const wrong: ((reply: FastifyReply) => unknown)[] = [
    (reply) => {
      void reply.code(201)
      return { a: 1 }
    },
    (reply) => reply.send('sent'),
    () => {
      throw new Error('no')
    }
  ]
  for (const run of wrong) t.type(await computed(run), 'number', 'is kept by nobody')
})

test('a kept answer says how it came about, for whom it is, and how old it is', async (t) => {
  const clocks = fakeClocks(t)
  const kept = answerOf('body')
  clocks.pass(1_999)
  const sent = async (source: Source, vary: CachePolicy['vary'], headers = {}, before?: string) => {
    const look = (request: FastifyRequest, reply: FastifyReply) => {
      if (before !== undefined) void reply.header('vary', before)
      void sendAnswer(request, reply, kept, { ...policy, vary }, source)
    }
    return (await ask('/things', look, { headers })).answer
  }
  const shared = await sent('hit', 'public')
  t.match(shared, { statusCode: 200, body: 'body', headers: { etag: '"body"', age: '1' } })
  t.match(shared.headers, {
    'content-type': 'text/plain',
    'cache-control': 'public, max-age=60',
    'cache-status': 'Gatehouse; hit; ttl=59'
  })
  t.equal(shared.headers.vary, undefined)
  const own = await sent('fwd=miss; stored', 'user')
  t.match(own.headers, {
    'cache-control': 'private, no-cache',
    vary: 'Authorization',
    'cache-status': 'Gatehouse; fwd=miss; stored'
  })
  t.equal((await sent('fwd=miss', 'role', {}, 'Origin')).headers.vary, 'Origin, Authorization')
  const same = await sent('hit', 'public', { 'if-none-match': '"body"' })
  t.match(same, { statusCode: 304, body: '', headers: { etag: '"body"' } })
  t.equal((await sent('hit', 'public', { 'if-none-match': '"other"' })).statusCode, 200)
  kept.storedAt += 5_000
  t.equal((await sent('hit', 'public')).headers.age, '0', 'nothing is of tomorrow')
})

test('an answer is computed once for all who ask meanwhile, and not kept when a purge came', async (t) => {
  const flights = new SingleFlight()
  const kept: string[] = []
  const fly = (key: string, tags: string[], body = key, takes = true) => {
    const { promise, resolve, reject } = Promise.withResolvers<CachedAnswer>()
    const landing = flights.start(
      key,
      tags,
      () => promise,
      () => {
        kept.push(key)
        return takes
      }
    )
    return { landing, land: () => resolve(answerOf(body)), crash: () => reject(new Error('no')) }
  }
  const first = fly('a', ['users'])
  t.equal(flights.underWay('a'), first.landing)
  t.equal(flights.underWay('b'), undefined)
  first.land()
  t.match(await first.landing, { answer: { body: 'a' }, stored: true })
  t.equal(flights.underWay('a'), undefined, 'until it has landed')

  const tagged = fly('tagged', ['users', 'roles'])
  const other = fly('other', ['audit'])
  flights.outdate(['roles'])
  t.equal(flights.underWay('tagged'), undefined, 'nobody joins what is outdated')
  t.equal(flights.underWay('other'), other.landing)
  const newer = fly('tagged', ['users'], 'newer')
  tagged.land()
  t.match(await tagged.landing, { stored: false })
  t.equal(flights.underWay('tagged'), newer.landing, 'what began after it goes on')
  flights.outdate('all')
  for (const flight of [other, newer]) flight.land()
  t.match(await Promise.all([other.landing, newer.landing]), [{ stored: false }, { stored: false }])
  t.same(kept, ['a'])

  const full = fly('full', [], 'full', false)
  full.land()
  t.match(await full.landing, { stored: false }, 'there may be no room')
  const failing = fly('failing', [])
  failing.crash()
  await t.rejects(failing.landing, { message: 'no' })
  t.equal(flights.underWay('failing'), undefined)
})

test(
  'instances share answers for as long as nothing of theirs was purged',
  { ...onRedis, timeout: 10_000 },
  async (t) => {
    const { redis, client, prefix, state, failures } = redisToLose(t)
    const answers = new RedisAnswers(redis)
    const key = `${prefix}answer:k`
    const kept = async () => (await answers.read('k', policy)).kept
    const keep = async (more: Partial<CachedAnswer> = {}) => {
      const { versions = '' } = await answers.read('k', policy)
      answers.write('k', answerOf('body', more), versions)
      await until(async () => (await client.exists(key)) === 1)
      return versions
    }

    const { kept: nothing, versions } = await answers.read('k', policy)
    t.equal(nothing, undefined)
    t.equal(versions?.split(',').length, 3, 'of the epoch and both tags')
    t.equal((await answers.read('k', policy)).versions, versions)
    await keep()
    const found = await kept()
    t.match(found, { body: 'body', type: 'text/plain', etag: '"body"', tags: policy.tags })
    const left = Number(found?.expiresAt) - performance.now()
    t.ok(left > 50_000 && left <= 60_000)
    t.ok(Math.abs(Number(found?.expiresAt) - Number(found?.storedAt) - 60_000) < 1)

    for (const purged of [['roles'], 'all'] as const) {
      const before = (await answers.read('k', policy)).versions
      answers.purge(purged)
      await until(async () => (await answers.read('k', policy)).versions !== before)
      t.equal(await kept(), undefined, `after a purge of ${String(purged)}`)
      await keep()
      t.ok(await kept())
    }
    answers.purge(['audit'])
    await client.ping()
    t.ok(await kept(), 'of another tag it is none')

    await client.pexpire(key, 60_001_000)
    t.equal(await kept(), undefined, 'nobody knows how old that is')
    await client.persist(key)
    t.equal(await kept(), undefined)
    const stored = { body: 'b', type: 't', etag: 'e', versions: (await answers.read('k', policy)).versions }
    for (const foreign of ['no JSON', 'null', '3', '{}', JSON.stringify({ ...stored, etag: 3 })]) {
      await client.set(key, foreign, 'PX', 10_000)
      t.equal(await kept(), undefined, foreign)
    }
    await client.set(key, JSON.stringify(stored), 'PX', 10_000)
    t.match(await kept(), { body: 'b' })
    await client.del(key)
    answers.write('k', answerOf('late', { expiresAt: performance.now() }), versions ?? '')
    await client.ping()
    t.equal(await client.exists(key), 0, 'what is over is not kept')
    t.same(failures, [])

    state.up = false
    t.same(await answers.read('k', policy), {})
    state.up = true
    client.disconnect()
    t.same(await answers.read('k', policy), {})
    answers.write('k', answerOf('x'), 'v')
    answers.purge(['users'])
    await until(() => failures.length === 3)
  }
)
