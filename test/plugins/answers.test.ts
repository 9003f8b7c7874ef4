import { test } from 'tap'
import { AnswerStore } from '../../core/cache/store.ts'
import { fakeClocks } from '../clock.ts'
import { build } from '../helper.ts'

/** An answer of a hundred bytes. */
const answer = (tags: string[] = [], expiresAt = Infinity) => ({
  body: 'x'.repeat(100),
  type: 'text/plain',
  etag: '"x"',
  storedAt: 0,
  expiresAt,
  tags
})

test('an answer is kept for its time and not longer', async (t) => {
  const clocks = fakeClocks(t)
  const { app } = await build(t)
  const ask = () => app.inject('/cached-data')
  const first = await ask()
  clocks.pass(59_999)
  const last = await ask()
  t.equal(last.body, first.body)
  t.match(last.headers, { age: '59', 'cache-status': 'Gatehouse; hit; ttl=1' })
  clocks.pass(1)
  const next = await ask()
  t.not(next.body, first.body)
  t.match(next.headers, { age: '0', 'cache-status': 'Gatehouse; fwd=miss; stored' })
})

test('the store holds so many bytes: what was used longest ago goes first', async (t) => {
  // Room for three: each takes its texts and some more.
  const store = new AnswerStore(2_000)
  for (const key of ['a', 'b', 'c']) store.set(key, answer())
  t.ok(store.get('a'), 'now b was used longest ago')
  store.set('d', answer())
  const kept = () => ['a', 'b', 'c', 'd', 'e'].filter((key) => store.get(key))
  t.same(kept(), ['a', 'c', 'd'])

  store.set('a', answer())
  t.same(kept(), ['a', 'c', 'd'], 'what replaces itself takes no more room')
  store.set('e', { ...answer(), body: 'x'.repeat(2_000) })
  t.same(kept(), [], 'what is larger than the store pushes all out, and is not kept either')
})

test('what is purged or has expired gives its room back', async (t) => {
  const clocks = fakeClocks(t)
  const store = new AnswerStore(2_000)
  const kept = () => ['a', 'b', 'c', 'd', 'e'].filter((key) => store.get(key))
  store.set('a', answer(['users']))
  store.set('b', answer(['users', 'roles']))
  store.set('c', answer([], performance.now() + 1_000))
  store.purge(['audit'])
  t.same(kept(), ['a', 'b', 'c'])
  store.purge(['roles'])
  t.same(kept(), ['a', 'c'])
  store.set('d', answer())
  t.same(kept(), ['a', 'c', 'd'])
  clocks.pass(1_000)
  t.same(kept(), ['a', 'd'])
  store.set('e', answer())
  t.same(kept(), ['a', 'd', 'e'])
  store.purge('all')
  t.same(kept(), [])
  for (const key of ['a', 'b', 'c']) store.set(key, answer())
  t.same(kept(), ['a', 'b', 'c'])
})
