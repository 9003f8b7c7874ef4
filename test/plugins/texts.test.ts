import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { test } from 'tap'
import { build } from '../helper.ts'
import { raw } from '../raw.ts'

/** A builder's own routes, whose schemas say nothing of what a text is; they answer what they were sent. */
const own: FastifyPluginAsyncTypebox = async (fastify) => {
  const config = { access: 'public', limit: 'unlimited' } as const
  fastify.post('/own/bodies', { config }, async ({ body }) => ({ body }))
  fastify.get('/own/queries', { config }, async ({ query }) => ({ query }))
  fastify.get('/own/paths/*', { config }, async ({ params }) => ({ params }))
  const body = Type.Object({ text: Type.String(), password: Type.String({ format: 'password' }) })
  fastify.post('/own/passwords', { config, schema: { body } }, async (request) => request.body)
}

const json = { 'content-type': 'application/json' }

/** Lists of what JSON can say in ASCII, and what no UTF-8 is. */
const halves = ['\\ud800', 'a\\uDFFFb', '\\udc00\\ud800', '\\ud83d\\ude00\\ud83d']
const notUtf8 = ['ff', 'fe', 'c0af', 'eda080', 'f4908080', 'e282', '80', 'ffff']

test('a body that is not UTF-8 is a 400, whatever it would become', async (t) => {
  const { app } = await build(t, {}, own)
  for (const bytes of notUtf8) {
    const payload = Buffer.concat([Buffer.from('{"a":"'), Buffer.from(bytes, 'hex'), Buffer.from('"}')])
    const answer = await app.inject({ method: 'POST', url: '/own/bodies', headers: json, payload })
    t.equal(answer.statusCode, 400, bytes)
    t.match(answer.json(), { code: 'BAD_REQUEST', errors: [{ path: '/body', message: 'is not in UTF-8' }] })
  }
  for (const encoding of ['utf16le', 'latin1'] as const) {
    const payload = Buffer.from('{"a":"é"}', encoding)
    const answer = await app.inject({ method: 'POST', url: '/own/bodies', headers: json, payload })
    t.equal(answer.statusCode, 400, encoding)
  }
  const kept = { a: 'é😀\ufffd\u202e', '\u{10ffff}': ['\ufeff', null, 1, true, {}] }
  for (const before of ['', '\ufeff']) {
    const payload = before + JSON.stringify(kept)
    const answer = await app.inject({ method: 'POST', url: '/own/bodies', headers: json, payload })
    t.same(answer.json(), { body: kept }, 'and a byte-order mark is ignored')
  }
})

test('half of a surrogate pair and U+0000 are a 400 wherever they stand in a body', async (t) => {
  const { app } = await build(t, {}, own)
  const send = (payload: string) => app.inject({ method: 'POST', url: '/own/bodies', headers: json, payload })
  for (const text of [...halves, '\\u0000', 'a\\u0000'])
    for (const body of [
      `"${text}"`,
      `["${text}"]`,
      `{"a/b":"${text}"}`,
      `{"${text}":1}`,
      `{"a":[{"b":[[{"c":"${text}"}]]}]}`,
      `{"a":{"${text}":1}}`
    ]) {
      const answer = await send(body)
      t.equal(answer.statusCode, 400, body)
      t.match(answer.json(), { code: 'BAD_REQUEST', errors: [{ path: /^\/body/ }] })
    }
  t.match((await send('{"a/b":"\\ud800"}')).json(), { errors: [{ path: '/body/a~1b' }] })
  // Written as escapes, and whole.
  t.same((await send('{"a":"\\ud83d\\ude00 \\\\ud800 \\\\u0000"}')).json(), {
    body: { a: '😀 \\ud800 \\u0000' }
  })
  const deep = 15_000
  const answer = await send('['.repeat(deep) + '"\\ud800"' + ']'.repeat(deep))
  t.equal(answer.statusCode, 400, 'however deep')
})

test('a password may hold U+0000, as it is hashed, and no half of a pair, as two would be one', async (t) => {
  const { app } = await build(t, {}, own)
  const send = (payload: string) =>
    app.inject({ method: 'POST', url: '/own/passwords', headers: json, payload })
  t.same((await send('{"text":"a","password":"b\\u0000c"}')).json(), { text: 'a', password: 'b\0c' })
  t.match((await send('{"text":"\\u0000","password":"b"}')).json(), { errors: [{ path: '/body/text' }] })
  t.match((await send('{"text":"a","password":"\\ud800"}')).json(), { errors: [{ path: '/body/password' }] })

  const login = async (password: string) => {
    const payload = `{"username":"admin","password":"${password}"}`
    return (await app.inject({ method: 'POST', url: '/login', headers: json, payload })).statusCode
  }
  t.equal(await login('password123\\u0000'), 401)
  t.equal(await login('password123\\ud800'), 400)
  t.equal(await login('password123'), 200)
})

test('in queries and paths too, and what is not UTF-8 behind its percents', async (t) => {
  const { app } = await build(t, {}, own)
  const status = async (url: string) => (await app.inject(url)).statusCode
  for (const bytes of notUtf8) {
    const percents = bytes.replaceAll(/../g, '%$&')
    t.equal(await status(`/own/queries?a=${percents}`), 400, percents)
    t.equal(await status(`/own/queries?${percents}=1`), 400, percents)
    t.equal(await status(`/own/paths/${percents}`), 400, percents)
  }
  for (const url of [
    '/own/queries?a=%00',
    '/own/queries?%00=1',
    '/own/queries?a=1&a=%00',
    '/own/queries?a=%zz',
    '/own/queries?a=%',
    '/own/paths/%00',
    '/health/live?%ff'
  ])
    t.equal(await status(url), 400, url)
  t.match((await app.inject('/own/queries?a=%ff')).json(), {
    code: 'BAD_REQUEST',
    errors: [{ path: '/query' }]
  })
  t.match((await app.inject('/own/queries?a=%00')).json(), { errors: [{ path: '/query/a' }] })
  t.same((await app.inject('/own/queries?a=%C3%A9+%25ff&b=%F0%9F%98%80')).json(), {
    query: { a: 'é %ff', b: '😀' }
  })
  t.same((await app.inject('/own/paths/%C3%A9/%25ff')).json(), { params: { '*': 'é/%ff' } })
})

test('an address that is not ASCII is a 400: Node.js would read its bytes as ISO 8859-1', async (t) => {
  const { app } = await build(t, {}, own)
  const url = await app.listen({ port: 0 })
  const get = (target: string) => raw(url, `GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
  for (const target of ['/own/paths/é', '/own/queries?a=é', '/own/queries?é=1'])
    t.match(await get(target), /^HTTP\/1\.1 400 [^]*"code":"BAD_REQUEST"/, target)
  t.match(await get('/own/paths/e'), /^HTTP\/1\.1 200 /)
})

test('a body is in UTF-8, and a charset that says otherwise is a 415', async (t) => {
  const { app } = await build(t, {}, own)
  const send = async (type: string) => {
    const request = { method: 'POST', url: '/own/bodies', payload: '{"a":1}' } as const
    return (await app.inject({ ...request, headers: { 'content-type': type } })).statusCode
  }
  const good = [
    '; charset=utf-8',
    '; charset=UTF-8',
    ';charset="utf-8"',
    '; Charset=utf8',
    ';a=b; charset=utf-8',
    ';a="; charset=latin1"',
    '; charset=utf-8; charset=utf-8',
    ';'
  ]
  for (const parameters of good) t.equal(await send(`application/json${parameters}`), 200, parameters)
  const bad = [
    '; charset=utf-16',
    '; charset=iso-8859-1',
    ';charset="utf-16"',
    ';a=b;CHARSET=utf-7',
    '; charset=utf-8; charset=utf-16',
    '; charset=us-ascii',
    '; charset=',
    ';a="x;y"; charset=utf-16'
  ]
  for (const parameters of bad) t.equal(await send(`application/json${parameters}`), 415, parameters)
})

test('every text of every route of the service refuses half of a pair, on any database', async (t) => {
  const { app, as } = await build(t)
  const headers = { ...(await as('admin')), ...json, 'if-match': '*' }
  const bodies: ['POST' | 'PUT' | 'PATCH', string, object][] = [
    ['POST', '/login', { username: 'admin', password: 'password123' }],
    ['POST', '/register', { username: 'ada', password: 'a walk in the early rain' }],
    ['POST', '/users', { username: 'ada', password: 'a walk in the early rain', role: 'user' }],
    ['PATCH', '/users/2', { username: 'ada', role: 'user', status: 'active' }],
    ['POST', '/users/2/password', { password: 'a walk in the early rain' }],
    ['PATCH', '/me', { username: 'ada' }],
    ['PUT', '/me/password', { current_password: 'password123', new_password: 'a walk in the early rain' }],
    ['POST', '/roles', { name: 'x', description: 'x', permissions: ['users:read'], requests_per_minute: 1 }],
    ['PATCH', '/roles/user', { description: 'x' }],
    ['POST', '/refresh', { refresh_token: 'x' }]
  ]
  for (const [method, url, body] of bodies)
    for (const name of Object.keys(body)) {
      const payload = JSON.stringify({ ...body, [name]: 'a\ud800bcdefgh' })
      const answer = await app.inject({ method, url, headers, payload })
      t.equal(answer.statusCode, 400, `${method} ${url} ${name}`)
    }
  for (const url of [
    '/users?q=',
    '/users?cursor=',
    '/audit?actor=',
    '/audit?target=',
    '/roles?q=',
    '/roles/'
  ]) {
    for (const text of ['%00', '%ED%A0%80', '%FF'])
      t.equal((await app.inject({ url: url + text, headers })).statusCode, 400, url + text)
  }
})

test('a User-Agent is kept as it was meant: UTF-8, or else ISO 8859-1', async (t) => {
  const { app, as } = await build(t)
  const url = await app.listen({ port: 0 })
  const body = '{"username":"user","password":"password123"}'
  const signIn = (agent: Buffer) =>
    raw(
      url,
      Buffer.concat([
        Buffer.from(
          `POST /login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nUser-Agent: `
        ),
        agent,
        Buffer.from(`\r\n\r\n${body}`)
      ])
    )
  const agents = {
    'é😀': Buffer.from('é😀'),
    é: Buffer.from([0xe9]),
    ['a'.repeat(255)]: Buffer.from(`${'a'.repeat(255)}😀`)
  }
  for (const agent of Object.values(agents)) t.match(await signIn(agent), /^HTTP\/1\.1 200 /)
  const { sessions } = (await app.inject({ url: '/me/sessions', headers: await as('user') })).json<{
    sessions: { user_agent: string }[]
  }>()
  for (const agent of Object.keys(agents))
    t.ok(
      sessions.some(({ user_agent }) => user_agent === agent),
      agent
    )
})
