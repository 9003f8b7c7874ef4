import { test } from 'tap'
import type { KeyIdentity, SessionIdentity } from '../../core/sessions/identities.ts'
import { IdentityCache, type Subject } from '../../core/sessions/identity-cache.ts'
import { fakeClocks } from '../clock.ts'
import { machine, person } from '../identities.ts'

/** A cache before a source that counts how often it is asked; `minute` is when its tokens and sessions end. */
function cacheOf(t: Parameters<typeof fakeClocks>[0]) {
  const clocks = fakeClocks(t)
  const asked = { verify: 0, find: 0, changes: 0 }
  const source = {
    seen: 1,
    known: { identity: person as SessionIdentity | KeyIdentity, endsAt: Date.now() + 60_000 } as
      { identity: SessionIdentity | KeyIdentity; endsAt: number } | undefined,
    tokenEnds: Date.now() + 60_000,
    before: () => Promise.resolve()
  }
  const cache = new IdentityCache({
    verify: (token): Subject | undefined => {
      asked.verify++
      return token === 'bad'
        ? undefined
        : { via: 'session', sessionId: person.sessionId, userId: person.id, endsAt: source.tokenEnds }
    },
    find: async () => {
      asked.find++
      const { known } = source
      await source.before()
      return known
    },
    foreignChanges: () => {
      asked.changes++
      return Promise.resolve(source.seen)
    }
  })
  return { cache, clocks, asked, source }
}

test('a token that ends as another one is another one', async (t) => {
  const { cache, asked } = cacheOf(t)
  const end = 's'.repeat(100)
  await cache.resolve(`mine.${end}`)
  t.equal(cache.peek(`Bearer forged.${end}`), undefined)
  await cache.resolve(`other.${end}`)
  t.equal(asked.verify, 2)
  t.ok(cache.peek(`Bearer other.${end}`))
})

test('who is known is found without asking, in any moment of a second', async (t) => {
  const { cache, clocks, asked, source } = cacheOf(t)
  t.equal(cache.peek('Bearer a'), undefined)
  const identity = await cache.resolve('a')
  t.match(identity, { id: 7, via: 'session' })
  t.equal(cache.peek('Bearer a'), identity)
  t.equal(await cache.resolve('a'), identity)
  t.same(asked, { verify: 1, find: 1, changes: 1 })

  clocks.pass(999)
  t.equal(cache.peek('Bearer a'), identity)
  clocks.pass(1)
  t.equal(cache.peek('Bearer a'), undefined, 'then it is asked whether another process has changed anything')
  t.equal(await cache.resolve('a'), identity)
  t.same(asked, { verify: 1, find: 1, changes: 2 }, 'which is all, when none has')
  t.equal(cache.peek('Bearer a'), identity)

  source.seen = 2
  clocks.pass(1_000)
  await Promise.all([cache.resolve('a'), cache.resolve('b')])
  t.equal(asked.changes, 3, 'once for all who wait')
  t.equal(asked.verify, 2, 'the token of a was verified before')
  t.ok(asked.find >= 3, 'who was known is read anew')
})

test('a token that is not ours, or whose account is gone, is nobody', async (t) => {
  const { cache, asked, source } = cacheOf(t)
  t.equal(await cache.resolve('bad'), undefined)
  t.equal(asked.find, 0)
  source.known = undefined
  t.equal(await cache.resolve('a'), undefined)
  t.equal(cache.peek('Bearer a'), undefined)
})

test('nobody is known for longer than token and session last', async (t) => {
  const { cache, clocks, asked, source } = cacheOf(t)
  source.tokenEnds = Date.now() + 500
  await cache.resolve('a')
  if (source.known) source.known.endsAt = Date.now() + 400
  await cache.resolve('b')
  clocks.pass(400)
  t.ok(cache.peek('Bearer a'))
  t.equal(cache.peek('Bearer b'), undefined)
  clocks.pass(100)
  t.equal(cache.peek('Bearer a'), undefined)
  const verified = asked.verify
  await cache.resolve('a')
  t.equal(asked.verify, verified + 1, 'what has ended is verified again')
})

test('a change forgets whom it concerns, and what was read before it', async (t) => {
  const { cache, source, asked } = cacheOf(t)
  const known = async (identity: SessionIdentity | KeyIdentity = person) => {
    source.known = { identity, endsAt: Date.now() + 60_000 }
    await cache.resolve('a')
    return () => cache.peek('Bearer a') !== undefined
  }
  for (const [touched, isKnown] of [
    [{ table: 'users', key: 7 }, false],
    [{ table: 'users', key: 8 }, true],
    [{ table: 'users', key: '*' }, false],
    [{ table: 'sessions', key: 7 }, false],
    [{ table: 'roles', key: 'editor' }, false],
    [{ table: 'roles', key: 'user' }, true],
    [{ table: 'audit', key: '*' }, true],
    [{ table: 'api_keys', key: machine.keyId }, true]
  ] as const) {
    const isStillKnown = await known()
    cache.forget([{ table: 'audit', key: 1 }, touched])
    t.equal(isStillKnown(), isKnown, JSON.stringify(touched))
  }
  cache.forget('all')
  const isKeyKnown = await known(machine)
  cache.forget([{ table: 'api_keys', key: 'other' }])
  t.ok(isKeyKnown())
  cache.forget([{ table: 'api_keys', key: machine.keyId }])
  t.notOk(isKeyKnown())
  const isAnyKnown = await known()
  cache.forget('all')
  t.notOk(isAnyKnown())

  const { promise, resolve } = Promise.withResolvers<undefined>()
  source.before = () => promise.then(() => undefined)
  const early = cache.resolve('a')
  while (asked.find === 0) await Promise.resolve()
  await new Promise(setImmediate)
  cache.forget([{ table: 'users', key: 8 }])
  resolve(undefined)
  t.ok(await early, 'who asked before the change is answered')
  t.equal(cache.peek('Bearer a'), undefined, 'and not remembered')
})

test('so many tokens are remembered, and the oldest gives way', async (t) => {
  const { cache, clocks, source } = cacheOf(t)
  for (let number = 0; number < 50_000; number++) await cache.resolve(String(number))
  t.ok(cache.peek('Bearer 0'))
  await cache.resolve('one more')
  t.equal(cache.peek('Bearer 0'), undefined)
  t.ok(cache.peek('Bearer 1'))
  t.ok(cache.peek('Bearer one more'))

  source.seen = 2
  clocks.pass(1_000)
  await cache.resolve('5')
  for (let number = 0; number < 6; number++) await cache.resolve(`another ${number}`)
  t.ok(cache.peek('Bearer 5'), 'who is read anew is the newest')
})
