import Fastify, { type FastifyRequest } from 'fastify'
import { test } from 'tap'
import { type Budget, budgetOf, keyBudgetOf } from '../../core/limits/budgets.ts'
import { callCounter } from '../../core/limits/call-counter.ts'
import { describeLimit, isLimit, type Limit } from '../../core/limits/limit.ts'
import { rateLimited } from '../../core/limits/refusal.ts'
import { noBudget, secondsBeyond, showStanding, standingOf } from '../../core/limits/standing.ts'
import { type Count, WindowCounter } from '../../core/limits/window-counter.ts'
import type { Identity } from '../../core/sessions/identities.ts'
import { machine, person } from '../identities.ts'
import { onRedis, redisToLose } from '../redis.ts'

/** What `look` sees in a request of somebody. */
async function ask<T>(caller: Identity | null, look: (request: FastifyRequest) => T): Promise<T[]> {
  const app = Fastify()
  app.decorateRequest('user', null)
  const seen: T[] = []
  app.get('/', (request, reply) => {
    request.user = caller
    seen.push(look(request))
    return reply.send()
  })
  await app.inject({ url: '/', remoteAddress: '2001:db8:1:2:3::4' })
  return seen
}

test('a limit is a word that there is, or so many calls a minute of an account or an address', (t) => {
  for (const limit of ['default', 'role', 'session', 'unlimited', { perMinute: 1, by: 'account' }])
    t.ok(isLimit(limit), JSON.stringify(limit))
  t.ok(isLimit({ perMinute: 3, by: 'address' }))
  const wrong = [
    undefined,
    null,
    3,
    '',
    'sessions',
    {},
    { perMinute: 3 },
    { by: 'account' },
    { perMinute: 0, by: 'account' },
    { perMinute: 1.5, by: 'account' },
    { perMinute: '3', by: 'account' },
    { perMinute: NaN, by: 'address' },
    { perMinute: 3, by: 'session' }
  ]
  for (const limit of wrong) t.notOk(isLimit(limit), JSON.stringify(limit))
  t.end()
})

test('the contract says of each limit how much, of whom, and whether others share it', (t) => {
  const described: [Exclude<Limit, 'unlimited'>, object][] = [
    ['default', { requests: 50, window: '1m', by: 'account or address', shared: true }],
    ['session', { requests: 50, window: '1m', by: 'session, account or address', shared: false }],
    ['role', { requests: 'requests_per_minute of the role', window: '1m', by: 'account', shared: false }],
    [
      { perMinute: 3, by: 'address' },
      { requests: 3, window: '1m', by: 'address', shared: false }
    ]
  ]
  for (const [limit, expected] of described) t.same(describeLimit(limit, 50), expected)
  t.end()
})

test('each limit names the budget of who asks', async (t) => {
  const network = 'address:2001:db8:1:2::/64'
  const route = 'GET /things'
  const own = { name: 'listThings' }
  const shared = { name: 'default', max: 50 }
  const expected: [
    Exclude<Limit, 'unlimited'>,
    Identity | null,
    { sessionId: string } | undefined,
    Budget
  ][] = [
    ['default', null, undefined, { ...shared, key: `default:${network}`, by: 'address' }],
    ['default', person, undefined, { ...shared, key: 'default:account:7', by: 'account' }],
    ['role', person, undefined, { ...own, key: `${route}:account:7`, max: 30, by: 'account' }],
    ['role', null, undefined, { ...shared, key: `default:${network}`, by: 'address' }],
    ['session', null, { sessionId: 's' }, { ...own, key: `${route}:session:s`, max: 50, by: 'session' }],
    ['session', person, undefined, { ...own, key: `${route}:account:7`, max: 50, by: 'account' }],
    ['session', null, undefined, { ...own, key: `${route}:${network}`, max: 50, by: 'address' }],
    [
      { perMinute: 3, by: 'address' },
      person,
      undefined,
      { ...own, key: `${route}:${network}`, max: 3, by: 'address' }
    ],
    [
      { perMinute: 3, by: 'account' },
      person,
      undefined,
      { ...own, key: `${route}:account:7`, max: 3, by: 'account' }
    ],
    [
      { perMinute: 3, by: 'account' },
      null,
      undefined,
      { ...own, key: `${route}:${network}`, max: 3, by: 'address' }
    ]
  ]
  for (const [limit, caller, session, budget] of expected) {
    const nameBudget = budgetOf({ limit, route, operation: 'listThings' }, () => 50)
    t.same(await ask(caller, (request) => nameBudget(request, session)), [budget], JSON.stringify(limit))
  }
})

test('a key has a budget of its own where it has a limit', async (t) => {
  const limited = { ...machine, keyRequestsPerMinute: 2 }
  t.same(await ask(limited, keyBudgetOf), [{ key: 'key:4fKq0ZbT7xLm', max: 2, name: 'key', by: 'key' }])
  for (const caller of [machine, person, null]) t.same(await ask(caller, keyBudgetOf), [undefined])
})

const budget: Budget = { key: 'k', max: 3, name: 'listThings', by: 'account' }
const counted = (current: number, ttl = 1_500) => ({ budget, count: { current, ttl } })

test('what is left is never below nothing, nor for no time', (t) => {
  const shown = { name: 'listThings', by: 'account', requests: 3, window: 60 }
  t.same(standingOf(budget, undefined), { ...shown, remaining: 3, reset: 0 })
  t.same(standingOf(budget, { current: 1, ttl: 1_500 }), { ...shown, remaining: 2, reset: 2 })
  t.same(standingOf(budget, { current: 9, ttl: 0 }), { ...shown, remaining: 0, reset: 1 })
  t.equal(secondsBeyond(counted(3)), undefined, 'the last call of a budget is one of it')
  t.equal(secondsBeyond(counted(4)), 2)
  t.end()
})

test('the three fields show the budget that has less left, the others both', async (t) => {
  const key: Budget = { key: 'key:k', max: 2, name: 'key', by: 'key' }
  const fields = async (current: number, ofKey?: number) => {
    const app = Fastify()
    app.get('/', (_request, reply) => {
      showStanding(
        reply,
        counted(current),
        ofKey === undefined ? undefined : { budget: key, count: { current: ofKey, ttl: 9_000 } }
      )
      return reply.send()
    })
    const { headers } = await app.inject('/')
    return ['limit', 'remaining', 'reset']
      .map((name) => headers[`ratelimit-${name}`])
      .concat([headers['ratelimit-policy'], headers['ratelimit']])
  }
  t.same(await fields(1), ['3', '2', '2', '"listThings";q=3;w=60', '"listThings";r=2;t=2'])
  const policy = '"listThings";q=3;w=60, "key";q=2;w=60'
  t.same(await fields(1, 2), ['2', '0', '9', policy, '"listThings";r=2;t=2, "key";r=0;t=9'])
  t.same(await fields(2, 1), ['3', '1', '2', policy, '"listThings";r=1;t=2, "key";r=1;t=9'])
  t.same(noBudget, {
    'ratelimit-limit': '0',
    'ratelimit-remaining': '0',
    'ratelimit-reset': '60',
    'ratelimit-policy': '"blocked";q=0;w=60',
    ratelimit: '"blocked";r=0;t=60'
  })
})

test('a refusal says for how long', (t) => {
  const message = 'Rate limit exceeded. Try again in 7 seconds.'
  t.match(rateLimited(7), { statusCode: 429, code: 'RATE_LIMITED', message })
  t.end()
})

test('a window begins with its first call, and ends by itself', (t) => {
  const time = t.capture(performance, 'now', () => now)
  let now = 1_000
  const counter = new WindowCounter(60, 2)
  t.equal(counter.read('a'), undefined)
  t.same(counter.count('a'), { current: 1, ttl: 60 })
  now += 20
  t.same(counter.count('a'), { current: 2, ttl: 40 })
  t.same(counter.read('a'), { current: 2, ttl: 40 })
  t.same(counter.read('a'), { current: 2, ttl: 40 }, 'reading counts nothing')
  counter.forgive('a')
  counter.forgive('b')
  t.same(counter.read('a'), { current: 1, ttl: 40 })
  counter.forgive('a')
  counter.forgive('a')
  t.same(counter.read('a'), { current: 0, ttl: 40 }, 'nobody is forgiven more than they did')
  now += 40
  t.equal(counter.read('a'), undefined, 'it is over when its time is')
  t.same(counter.count('a'), { current: 1, ttl: 60 })
  now += 1
  counter.count('b')
  counter.count('c')
  t.equal(counter.read('a'), undefined, 'which ends next gives way')
  t.same(counter.read('b'), { current: 1, ttl: 60 })
  now += 60
  counter.count('d')
  counter.count('e')
  t.same(counter.read('d'), { current: 1, ttl: 60 }, 'those that have ended make room before')
  t.ok(time().length > 0)
  t.end()
})

const count = (counter: ReturnType<typeof callCounter>, key: string) =>
  new Promise<Count>((resolve) => {
    counter.count(key, resolve)
  })

const soon = { ...onRedis, timeout: 10_000 }

test('calls are counted in Redis, and in this process while that is away or refuses', soon, async (t) => {
  const { redis, client, prefix, state, failures } = redisToLose(t)
  const [one, other] = [callCounter(redis, 10), callCounter(redis, 10)]
  await count(one, 'k')
  t.match(await count(other, 'k'), { current: 2 }, 'for all instances')
  t.equal(await client.get(`${prefix}limit:k`), '2')
  t.match(await one.read(['k', 'none']), [{ current: 2 }, undefined])

  state.up = false
  t.same(await count(one, 'k'), { current: 1, ttl: 60_000 }, 'by itself while it is away')
  t.match(await one.read(['k']), [{ current: 1 }])
  t.equal(await client.get(`${prefix}limit:k`), '2')

  state.up = true
  client.disconnect()
  t.match(await count(one, 'k'), { current: 2 }, 'and when it does not answer')
  t.match(await one.read(['k']), [{ current: 2 }])
  t.equal(failures.length, 2, 'of which it is told')
  t.match(await count(callCounter(null, 10), 'k'), { current: 1, ttl: 60_000 })
  t.match(await callCounter(null, 10).read(['k']), [undefined])
})
