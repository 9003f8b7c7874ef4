import type { FastifyInstance, InjectOptions } from 'fastify'
import { type Test, test } from 'tap'
import { gzipSync } from 'node:zlib'
import { problemKinds, problemPath } from '../../core/problems/define.ts'
import { build } from '../helper.ts'
import { raw } from '../raw.ts'

/** Sends a request and checks that the answer is this problem, and tells nothing of the inside. */
async function refused(t: Test, app: FastifyInstance, request: InjectOptions, status: number, code: string) {
  const answer = await app.inject(request)
  const message = `${request.method ?? 'GET'} ${JSON.stringify(request.url)} ${JSON.stringify(request.payload ?? '').slice(0, 80)}`
  t.equal(answer.statusCode, status, message)
  t.match(
    answer.headers,
    {
      'content-type': /^application\/problem\+json/,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff'
    },
    message
  )
  const { 'x-request-id': request_id } = answer.headers
  t.match(
    answer.json(),
    { status, code, type: problemPath(code), title: String, detail: String, request_id },
    message
  )
  t.notMatch(answer.payload, /node_modules|\.[tj]s:\d|FST_|sqlite|select |unexpected token/i, message)
  return answer
}

const json = { 'content-type': 'application/json' }
const login = (payload: string | Buffer | object, headers: Record<string, string> = json): InjectOptions => ({
  method: 'POST',
  url: '/login',
  headers,
  payload,
  remoteAddress: `192.0.2.${nextAddress++ % 250}`
})
// A new caller each time: the limit of sign-ins is not the matter here.
let nextAddress = 0

test('a body that is not JSON, or poisons prototypes, is a 400', async (t) => {
  const { app } = await build(t)
  const bodies = [
    '{',
    '{"username":"a"',
    'username=a&password=b',
    '{"a":1}}',
    '\u0000',
    '{"username":"a","password":NaN}',
    '{"__proto__":{"role":"admin"},"username":"a","password":"b"}',
    '{"constructor":{"prototype":{"x":1}},"username":"a","password":"b"}',
    '['.repeat(20_000)
  ]
  for (const body of bodies) await refused(t, app, login(body), 400, 'BAD_REQUEST')
  t.equal(({} as Record<string, unknown>)['role'], undefined)
  t.equal((await app.inject(login({ username: 'admin', password: 'password123' }))).statusCode, 200)
})

test('the credentials of the guide: what is absent has the text of the guide, what is wrong is a validation error', async (t) => {
  const { app } = await build(t)
  const absent = [
    undefined,
    '',
    'null',
    '{}',
    '[]',
    '"text"',
    '1',
    '{"username":"admin"}',
    '{"password":"x"}',
    '{"username":"admin","more":1}'
  ]
  for (const body of absent) {
    const answer = await refused(t, app, login(body ?? Buffer.alloc(0)), 400, 'MISSING_CREDENTIALS')
    t.match(answer.json(), { error: 'Missing username or password' })
  }
  const wrong: [unknown, string, string][] = [
    [{ username: 123, password: 'x' }, '/body/username', 'must be string'],
    [{ username: true, password: 'x' }, '/body/username', 'must be string'],
    [{ username: null, password: 'x' }, '/body/username', 'must be string'],
    [{ username: 'admin', password: ['a'] }, '/body/password', 'must be string'],
    [{ username: 'admin', password: 'x', role: 'admin' }, '/body/role', 'is not a known member'],
    [
      { username: 'a'.repeat(257), password: 'x' },
      '/body/username',
      'must NOT have more than 256 characters'
    ],
    [{ username: 'admin', password: 'x', '~/': 1 }, '/body/~0~1', 'is not a known member']
  ]
  for (const [body, path, message] of wrong) {
    const answer = await refused(t, app, login(JSON.stringify(body)), 400, 'VALIDATION_FAILED')
    t.same(answer.json<{ errors: unknown }>().errors, [{ path, message }])
    t.notOk('error' in answer.json<object>())
  }
  const answer = await refused(
    t,
    app,
    login({ username: 'admin', password: 'wrong' }),
    401,
    'INVALID_CREDENTIALS'
  )
  t.match(answer.json(), { error: 'Invalid credentials' })
  t.equal(answer.headers['www-authenticate'], 'Bearer')
})

test('a hundred unknown members are told as twenty', async (t) => {
  const { app } = await build(t)
  const members = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`m${index}`, index]))
  const answer = await refused(
    t,
    app,
    login({ username: 'a', password: 'b', ...members }),
    400,
    'VALIDATION_FAILED'
  )
  t.equal(answer.json<{ errors: unknown[] }>().errors.length, 20)
})

test('only plain application/json is taken as a body: all else is a 415', async (t) => {
  const { app } = await build(t)
  const body = '{"username":"admin","password":"password123"}'
  const types = [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonx',
    'application/xml',
    'application/json/',
    'application',
    'application/vnd.api+json',
    'text/json',
    ' ',
    ';',
    'application/json, text/plain'
  ]
  for (const type of types) {
    await refused(t, app, login(body, { 'content-type': type }), 415, 'UNSUPPORTED_MEDIA_TYPE')
  }
  for (const type of ['application/json\t;x', 'application/json;charset=utf-16', 'application/json ; a=b']) {
    const answer = await app.inject(login('{"username":1,"password":1}', { 'content-type': type }))
    t.ok([400, 415].includes(answer.statusCode), `${type} does not get round the validation`)
  }
  await refused(t, app, login(Buffer.from(body), {}), 415, 'UNSUPPORTED_MEDIA_TYPE')
  await refused(
    t,
    app,
    login(gzipSync(body), { ...json, 'content-encoding': 'gzip' }),
    415,
    'UNSUPPORTED_MEDIA_TYPE'
  )
  await refused(
    t,
    app,
    login(body, { ...json, 'content-encoding': 'deflate' }),
    415,
    'UNSUPPORTED_MEDIA_TYPE'
  )
  for (const type of ['application/json; charset=utf-8', 'Application/JSON']) {
    t.equal((await app.inject(login(body, { 'content-type': type }))).statusCode, 200, type)
  }
})

test('a body over BODY_LIMIT is a 413, before it is sent when its length is declared', async (t) => {
  const { app } = await build(t, { BODY_LIMIT: '2048' })
  const large = { username: 'admin', password: 'x'.repeat(3_000) }
  await refused(t, app, login(large), 413, 'PAYLOAD_TOO_LARGE')
  const url = await app.listen({ port: 0 })
  const declared = await raw(
    url,
    'POST /login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 600000000\r\n\r\n'
  )
  t.match(declared, /^HTTP\/1\.1 413 [^]*PAYLOAD_TOO_LARGE/)
  const chunk = `800\r\n${'x'.repeat(2_048)}\r\n`
  const chunked = await raw(
    url,
    `POST /login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}${chunk}0\r\n\r\n`
  )
  t.match(chunked, /^HTTP\/1\.1 413 [^]*PAYLOAD_TOO_LARGE/)
})

test('an unknown path is a 404 and a wrong method a 405 with Allow, for every caller and every Accept', async (t) => {
  const { app, as } = await build(t)
  for (const headers of [{}, { accept: 'text/html' }, await as('admin')]) {
    for (const url of [
      '/nowhere',
      '/protected/',
      '//users',
      '/Users',
      '/users;a',
      '/admin/',
      '/.env',
      '/../etc/passwd',
      '/users/1/2/3'
    ]) {
      await refused(t, app, { url, headers }, 404, 'NOT_FOUND')
    }
    const answer = await refused(t, app, { method: 'PUT', url: '/login', headers }, 405, 'METHOD_NOT_ALLOWED')
    t.equal(answer.headers['allow'], 'POST')
  }
  const allowed: [InjectOptions['method'], string, string][] = [
    ['DELETE', '/protected', 'GET, HEAD'],
    ['OPTIONS', '/protected', 'GET, HEAD'],
    ['GET', '/login?x=1', 'POST'],
    ['HEAD', '/logout', 'POST'],
    ['POST', '/problems/not-found', 'GET, HEAD']
  ]
  for (const [method, url, allow] of allowed) {
    const answer = await app.inject({ url, ...(method && { method }) })
    t.equal(answer.statusCode, 405, url)
    t.equal(answer.headers['allow'], allow, url)
  }
})

test('HEAD is GET without the body, with the same checks', async (t) => {
  const { app, as } = await build(t)
  const user = await as('user')
  const calls: [string, Record<string, string>, number][] = [
    ['/protected', user, 200],
    ['/protected', {}, 401],
    ['/admin', user, 403],
    ['/cached-data', {}, 200],
    ['/health/ready', {}, 200]
  ]
  for (const [url, headers, status] of calls) {
    const head = await app.inject({ method: 'HEAD', url, headers })
    const get = await app.inject({ url, headers })
    t.equal(head.statusCode, status, url)
    t.equal(head.payload, '', url)
    t.equal(get.statusCode, status, url)
    t.equal(head.headers['content-type'], get.headers['content-type'], url)
  }
})

test('every code is listed, and every type leads to its page', async (t) => {
  const { app } = await build(t)
  const { problems } = (await app.inject('/problems')).json<{ problems: { code: string }[] }>()
  t.same(
    problems.map(({ code }) => code),
    [...problemKinds.keys()].sort()
  )
  for (const problem of problems) t.same((await app.inject(problemPath(problem.code))).json(), problem)
})

test('a path or a parameter that cannot be is a 400, a 404 or a 414', async (t) => {
  const { app, as } = await build(t)
  await refused(t, app, { url: '/%' }, 400, 'BAD_REQUEST')
  await refused(t, app, { url: '/problems/%zz' }, 400, 'BAD_REQUEST')
  await refused(t, app, { url: '/problems/%ff%fe' }, 400, 'BAD_REQUEST')
  await refused(t, app, { url: '/problems/Not_Found' }, 400, 'VALIDATION_FAILED')
  await refused(t, app, { url: '/problems/no-such-problem' }, 404, 'NOT_FOUND')
  const long = await app.inject(`/problems/${'x'.repeat(5_000)}`)
  t.ok([404, 414].includes(long.statusCode), String(long.statusCode))
  t.match(long.json(), { code: String, status: long.statusCode })

  const headers = await as('admin')
  for (const limit of [
    'Infinity',
    '1e999',
    'NaN',
    '0x10',
    '9223372036854775808',
    '0',
    '201',
    '-1',
    '1.5',
    ' 5',
    '',
    'ten',
    '5&limit=6'
  ]) {
    await refused(t, app, { url: `/users?limit=${limit}`, headers }, 400, 'VALIDATION_FAILED')
  }
  await refused(t, app, { url: '/users?unknown=1', headers }, 400, 'VALIDATION_FAILED')
  for (const cursor of ['AAAA', 'WyJ4Il0', 'W10', 'WzEuNV0', 'bnVsbA'])
    await refused(t, app, { url: `/users?cursor=${cursor}`, headers }, 400, 'CURSOR_REFUSED')
})

test('what is not HTTP gets one problem and the connection is closed', async (t) => {
  const { app } = await build(t)
  const url = await app.listen({ port: 0 })
  const start = 'POST /login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n'
  const garbage: Record<string, string> = {
    'no HTTP at all': 'hello\r\n\r\n',
    'a TLS hello': '\u0016\u0003\u0001\u0002\u0000\u0001\u0000',
    'an unknown method': 'FROBNICATE / HTTP/1.1\r\nHost: x\r\n\r\n',
    'a NUL in a header': 'GET /health/live HTTP/1.1\r\nHost: x\r\nX: a\u0000b\r\n\r\n',
    'an obsolete fold': 'GET /health/live HTTP/1.1\r\nHost: x\r\nX: a\r\n b: c\r\n\r\n',
    'a blank before the colon': 'GET /health/live HTTP/1.1\r\nHost : x\r\n\r\n',
    'two lengths': `${start}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`,
    'a signed length': `${start}Content-Length: +2\r\n\r\n{}`,
    'a length and chunks': `${start}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /health/live HTTP/1.1\r\nHost: x\r\n\r\n`,
    'a bad transfer coding': `${start}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`,
    'a bad chunk': `${start}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`
  }
  for (const [name, bytes] of Object.entries(garbage)) {
    const answer = await raw(url, bytes)
    t.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/, name)
    t.match(
      answer,
      /\r\ncontent-type: application\/problem\+json\r\n[^]*connection: close[^]*"code":"BAD_REQUEST"/i,
      name
    )
    t.equal(answer.split('HTTP/1.1 ').length, 2, `${name}: one answer`)
  }
  t.match(
    await raw(url, 'GET /health/live HTTP/1.1\r\nConnection: close\r\n\r\n'),
    /^HTTP\/1\.1 400 /,
    'no Host'
  )
  const overflow = await raw(url, `GET / HTTP/1.1\r\nHost: x\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)
  t.match(overflow, /^HTTP\/1\.1 431 [^]*"code":"HEADERS_TOO_LARGE"/)
  const trace = await raw(
    url,
    'TRACE /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: c=1\r\n\r\n'
  )
  t.match(trace, /^HTTP\/1\.1 40[45] /)
  t.notMatch(trace, 'c=1')
  t.equal((await fetch(`${url}/health/live`)).status, 200)
})

test('a request id from outside is taken only when it is harmless', async (t) => {
  const { app } = await build(t)
  const idOf = async (id: string, url = '/health/live') =>
    (await app.inject({ url, headers: { 'x-request-id': id } })).headers['x-request-id']
  t.equal(await idOf('trace-1.A_b'), 'trace-1.A_b')
  for (const id of ['a b', 'a"b', '<script>', 'x'.repeat(65), 'é', ''])
    t.match(await idOf(id), /^[0-9a-f]{12}-\w+$/, id)
  t.equal(await idOf('bad-url', '/%'), 'bad-url')
  t.not(await idOf(''), await idOf(''), 'each request its own')
})

test('the type of every problem leads to a page that explains it', async (t) => {
  const { app } = await build(t)
  t.ok(problemKinds.size > 20)
  for (const { code, status, title, about } of problemKinds.values()) {
    const answer = await app.inject(problemPath(code))
    t.equal(answer.statusCode, 200, code)
    t.same(answer.json(), { code, status, title, about })
    t.ok(about.length > 20, code)
  }
})

test('a failure inside is a 500 that says nothing of it', async (t) => {
  const { app, db, as } = await build(t)
  const headers = await as('admin')
  await app.inject({ url: '/users', headers })
  await db.destroy()
  const answer = await refused(t, app, { url: '/users?limit=3', headers }, 500, 'INTERNAL_ERROR')
  t.notMatch(answer.payload, /driver|destroyed|database/i)
})
