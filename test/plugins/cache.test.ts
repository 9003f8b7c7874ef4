import type { FastifyPluginAsync } from 'fastify'
import { test } from 'tap'
import { touch } from '../../core/changes/touched.ts'
import { DatabaseUnreachable } from '../../core/database/failures.ts'
import { write } from '../../core/database/transaction.ts'
import { fakeClocks } from '../clock.ts'
import { announceTouched } from '../../core/changes/touched.ts'
import { build } from '../helper.ts'

const ok = { response: { 200: { type: 'object', additionalProperties: true } } }

test('a public answer says what it is and how old', async (t) => {
  const { app } = await build(t)
  const miss = await app.inject('/cached-data')
  t.equal(miss.headers['cache-status'], 'Gatehouse; fwd=miss; stored')
  t.equal(miss.headers['cache-control'], 'public, max-age=60')
  t.equal(miss.headers.age, '0')
  t.equal(miss.headers.vary, undefined)

  const hit = await app.inject('/cached-data?unread=1')
  t.match(hit.headers['cache-status'], /^Gatehouse; hit; ttl=(59|60)$/)
  t.match(hit.headers.age, /^[01]$/)
  t.equal(hit.body, miss.body)
  t.equal(hit.headers.etag, miss.headers.etag)

  const head = await app.inject({ method: 'HEAD', url: '/cached-data' })
  t.match(head, { statusCode: 200, body: '', headers: { etag: miss.headers.etag } })
  t.equal(head.headers['content-length'], String(miss.body.length))
})

test('a clock that is put back, or forward, makes no answer older or younger', async (t) => {
  const { app } = await build(t)
  const clocks = fakeClocks(t)
  const first = await app.inject('/cached-data')
  clocks.pass(30_000)
  for (const hours of [-1, 2]) {
    clocks.set(hours * 3_600_000)
    const hit = await app.inject('/cached-data')
    t.equal(hit.body, first.body)
    t.equal(hit.headers.age, '30')
    t.match(hit.headers['cache-status'], 'Gatehouse; hit; ttl=30')
  }
  clocks.set(-3_600_000)
  clocks.pass(30_000)
  t.match((await app.inject('/cached-data')).headers['cache-status'], 'fwd=miss')
})

test('who has an answer already gets a 304, by any form of If-None-Match', async (t) => {
  const { app } = await build(t)
  const etag = String((await app.inject('/cached-data')).headers.etag)
  for (const header of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
    const response = await app.inject({ url: '/cached-data', headers: { 'if-none-match': header } })
    t.match(response, { statusCode: 304, body: '', headers: { etag } }, header)
    t.match(response.headers['cache-status'], /hit/)
  }
  for (const header of ['"other"', 'W/"other"', etag.slice(1)]) {
    const response = await app.inject({ url: '/cached-data', headers: { 'if-none-match': header } })
    t.equal(response.statusCode, 200, header)
  }
})

test('nobody learns by a condition what they may not read', async (t) => {
  const { app, as } = await build(t)
  const [admin, user] = [await as('admin'), await as('user')]
  const etag = String((await app.inject({ url: '/users', headers: admin })).headers.etag)
  for (const condition of [etag, '*']) {
    const headers = { 'if-none-match': condition }
    t.equal((await app.inject({ url: '/users', headers })).statusCode, 401)
    t.equal((await app.inject({ url: '/users', headers: { ...headers, ...user } })).statusCode, 403)
    t.equal((await app.inject({ url: '/users', headers: { ...headers, ...admin } })).statusCode, 304)
  }
})

test('what is for some is private, and asked for again each time', async (t) => {
  const { app, as } = await build(t, { CORS_ORIGIN: 'https://app.example.com,https://b.example.com' })
  const headers = { ...(await as('admin')), origin: 'https://app.example.com' }
  for (const url of ['/users', '/roles']) {
    const miss = await app.inject({ url, headers })
    t.equal(miss.headers['cache-status'], 'Gatehouse; fwd=miss; stored', url)
    const hit = await app.inject({ url, headers })
    t.match(hit.headers['cache-status'], /^Gatehouse; hit; ttl=/, url)
    t.equal(hit.headers['cache-control'], 'private, no-cache')
    t.match(hit.headers.vary, /Origin/)
    t.match(hit.headers.vary, /Authorization/)
    t.same(hit.json(), miss.json())
  }
  t.equal((await app.inject({ url: '/protected', headers })).headers['cache-control'], 'no-store')
})

test('two users, or two roles, never share what they must not', async (t) => {
  const routes: FastifyPluginAsync = async (fastify) => {
    for (const vary of ['user', 'role'] as const) {
      fastify.route({
        method: 'GET',
        url: `/mine/${vary}`,
        config: { access: 'authenticated', cache: { ttl: 60, vary, tags: [] } },
        schema: ok,
        handler: async ({ user }) => ({ [vary]: vary === 'user' ? user?.username : user?.role })
      })
    }
  }
  const { app, as } = await build(t, {}, routes)
  const callers = await Promise.all(['admin', 'user'].map(async (name) => [name, await as(name)] as const))
  const asked = Array.from({ length: 50 }, () => callers).flat()
  for (const vary of ['user', 'role']) {
    const answers = asked.map(async ([name, headers]) => {
      const response = await app.inject({ url: `/mine/${vary}`, headers })
      return response.json<Record<string, string>>()[vary] === name
    })
    t.same(new Set(await Promise.all(answers)), new Set([true]), vary)
    t.equal((await app.inject(`/mine/${vary}`)).statusCode, 401)
  }
})

test('a hundred who ask at once wait for one computation', async (t) => {
  let computed = 0
  let asked = 0
  let release: (() => void) | undefined
  const allAsked = new Promise<void>((resolve) => (release = resolve))
  const routes: FastifyPluginAsync = async (fastify) => {
    fastify.route({
      method: 'GET',
      url: '/slow',
      config: { access: 'public', cache: { ttl: 60, vary: 'public', tags: [] } },
      schema: ok,
      preHandler: (_request, _reply, done) => {
        done()
        if (++asked === 100) release?.()
      },
      handler: async () => {
        computed++
        await allAsked
        return { computed }
      }
    })
  }
  const { app } = await build(t, {}, routes)
  const responses = await Promise.all(Array.from({ length: 100 }, () => app.inject('/slow')))
  t.equal(computed, 1)
  t.same(new Set(responses.map(({ body }) => body)), new Set(['{"computed":1}']))
  const statuses = responses.map((response) => response.headers['cache-status'])
  t.equal(statuses.filter((status) => status === 'Gatehouse; fwd=miss; stored').length, 1)
  t.equal(statuses.filter((status) => status === 'Gatehouse; fwd=miss; collapsed').length, 99)
})

test('an error is never kept', async (t) => {
  let calls = 0
  const routes: FastifyPluginAsync = async (fastify) => {
    fastify.route({
      method: 'GET',
      url: '/fragile',
      config: { access: 'public', cache: { ttl: 60, vary: 'public', tags: [] } },
      schema: ok,
      handler: async (_request, reply) => {
        calls++
        if (calls === 1) throw new Error('not yet')
        if (calls === 2) return reply.send({ calls })
        return { calls }
      }
    })
  }
  const { app } = await build(t, {}, routes)
  const first = await Promise.all([app.inject('/fragile'), app.inject('/fragile')])
  for (const response of first) {
    t.equal(response.statusCode, 500)
    t.equal(response.headers['cache-control'], 'no-store')
    t.equal(response.headers['cache-status'], undefined)
  }
  await app.inject('/fragile')
  t.same((await app.inject('/fragile')).json(), { calls: 3 }, 'nor is what the handler has sent itself')
  t.same((await app.inject('/fragile')).json(), { calls: 3 })
})

test('what was read before a purge is kept for nobody', async (t) => {
  let value = 'old'
  let release: (() => void) | undefined
  const gate = new Promise<void>((resolve) => (release = resolve))
  let begin: (() => void) | undefined
  const begun = new Promise<void>((resolve) => (begin = resolve))
  const routes: FastifyPluginAsync = async (fastify) => {
    fastify.route({
      method: 'GET',
      url: '/value',
      config: { access: 'public', cache: { ttl: 60, vary: 'public', tags: ['value'] } },
      schema: ok,
      handler: async () => {
        const read = value
        begin?.()
        if (read === 'old') await gate
        return { read }
      }
    })
  }
  const { app } = await build(t, {}, routes)
  const before = app.inject('/value')
  await begun
  value = 'new'
  announceTouched(app.db, [{ table: 'value', key: '*' }])
  t.same((await app.inject('/value')).json(), { read: 'new' }, 'a reader after the write starts anew')
  release?.()
  const late = await before
  t.same(late.json(), { read: 'old' }, 'who asked before the write may see what was before it')
  t.equal(late.headers['cache-status'], 'Gatehouse; fwd=miss')
  t.same((await app.inject('/value')).json(), { read: 'new' })
})

test('a reader never sees less than what they have written', async (t) => {
  const { app, as } = await build(t)
  const headers = await as('admin')
  const list = () => app.inject({ url: '/roles?limit=200', headers })
  for (let round = 0; round < 15; round++) {
    const name = `writer-${round}`
    const payload = { name, description: 'A new role', permissions: [], requests_per_minute: 10 }
    const write = app.inject({ method: 'POST', url: '/roles', headers, payload })
    const readers = Array.from({ length: 10 }, list)
    t.equal((await write).statusCode, 201)
    t.ok((await list()).body.includes(`"${name}"`), `round ${round}`)
    await Promise.all(readers)
    t.ok((await list()).body.includes(`"${name}"`), `round ${round}, afterwards`)
  }
})

test('an own new password shows in the list at once', async (t) => {
  const { app, as } = await build(t)
  const headers = await as('admin')
  const changed = async () => {
    const { users } = (await app.inject({ url: '/users', headers })).json<{
      users: { updated_at: string }[]
    }>()
    return users[0]?.updated_at
  }
  const before = await changed()
  const payload = { current_password: 'password123', new_password: 'a walk in the rain' }
  t.equal((await app.inject({ method: 'PUT', url: '/me/password', headers, payload })).statusCode, 204)
  t.not(await changed(), before)
})

test('after a change of which nobody knows whether it was made, nothing kept is shown', async (t) => {
  const routes: FastifyPluginAsync = async (fastify) => {
    fastify.route({
      method: 'POST',
      url: '/uncertain',
      config: { access: 'public' },
      schema: ok,
      handler: async () => {
        await fastify.db
          .updateTable('roles')
          .set({ description: 'Changed' })
          .where('name', '=', 'user')
          .execute()
        await write(fastify.db, async (tx) => {
          touch(tx, 'roles', 'user')
          throw new DatabaseUnreachable()
        })
      }
    })
  }
  const { app, as } = await build(t, {}, routes)
  const headers = await as('admin')
  const roles = async () => (await app.inject({ url: '/roles', headers })).body
  t.notMatch(await roles(), 'Changed')
  t.equal((await app.inject({ method: 'POST', url: '/uncertain' })).statusCode, 503)
  t.match(await roles(), 'Changed')
})

test('DELETE /cache drops the answers with a tag, for whoever may', async (t) => {
  const { app, db, as } = await build(t)
  const headers = await as('admin')
  const names = async () => (await app.inject({ url: '/roles', headers })).body
  await names()
  // A change made past the API, which nobody purges for.
  await db.updateTable('roles').set({ description: 'Changed' }).where('name', '=', 'user').execute()
  t.notMatch(await names(), 'Changed')
  const purge = (tag: string, who: Record<string, string>) =>
    app.inject({ method: 'DELETE', url: `/cache?tag=${tag}`, headers: who })
  t.equal((await purge('roles', await as('user'))).statusCode, 403)
  t.equal((await purge('users', headers)).statusCode, 204)
  t.notMatch(await names(), 'Changed')
  t.equal((await purge('roles', headers)).statusCode, 204)
  t.match(await names(), 'Changed')
})

/** A boot with one route more, of this policy. */
const withConfig =
  (method: 'GET' | 'POST', config: object): FastifyPluginAsync =>
  async (fastify) => {
    fastify.route({ method, url: '/odd', config, handler: async () => ({}) })
  }

test('a cache that makes no sense, or would tell some what is for others, stops the boot', async (t) => {
  for (const [config, message] of [
    [
      { access: 'public', cache: { ttl: 1, vary: 'user', tags: [] } },
      /is public: its cache cannot vary by user/
    ],
    [
      { access: 'authenticated', cache: { ttl: 60, vary: 'public', tags: [] } },
      /is guarded: its cache cannot be public/
    ],
    [
      { access: 'users:read', cache: { ttl: 60, vary: 'public', tags: [] } },
      /is guarded: its cache cannot be public/
    ],
    [{ access: 'users:read', cache: { ttl: 0, vary: 'role', tags: [] } }, /keeps answers for 0 seconds/],
    [{ access: 'users:read', cache: { ttl: 1.5, vary: 'role', tags: [] } }, /keeps answers for 1.5 seconds/],
    [
      { access: 'users:read', cache: { ttl: Infinity, vary: 'role', tags: [] } },
      /keeps answers for Infinity/
    ],
    [
      { access: 'users:read', cache: { ttl: 60, vary: 'everybody', tags: [] } },
      /unknown cache.vary: "everybody"/
    ],
    [{ access: 'users:read', cache: { ttl: 60, vary: 'role' } }, /declares no cache.tags/]
  ] as const)
    await t.rejects(build(t, {}, withConfig('GET', config)), { message })
  const writing = withConfig('POST', { access: 'public', cache: { ttl: 60, vary: 'public', tags: [] } })
  await t.rejects(build(t, {}, writing), { message: /POST \/odd keeps answers, which is for GET alone/ })
})
