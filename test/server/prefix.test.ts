import { test } from 'tap'
import { build } from '../helper.ts'
import { startPrefix } from '../prefix.ts'
import { raw } from '../raw.ts'

test('below a path that a proxy puts before it, what the service says leads back to it', async (t) => {
  let listens = ''
  const base = await startPrefix(t, '/iam', () => listens)
  const { app, as } = await build(t, { PUBLIC_URL: `${base}/` })
  listens = await app.listen({ port: 0, host: '127.0.0.1' })
  const headers = { ...(await as('admin')), 'content-type': 'application/json' }

  const body = JSON.stringify({ username: 'ada', password: 'a walk in the early rain', role: 'user' })
  const made = await fetch(`${base}/users`, { method: 'POST', headers, body })
  t.equal(made.headers.get('location'), `${base}/users/3`)
  t.equal((await fetch(made.headers.get('location') ?? '', { headers })).status, 200)

  for (const path of ['/nowhere', '/protected', '/%', '/users?limit=x']) {
    const problem = (await (await fetch(base + path)).json()) as { type: string; code: string }
    const explained = (await (await fetch(problem.type)).json()) as { code: string }
    t.equal(explained.code, problem.code, path)
    t.equal(new URL(problem.type).origin, new URL(base).origin)
  }
  t.match(await raw(listens, 'hello\r\n\r\n'), `"type":"${base}/problems/bad-request"`)

  for (const name of ['openapi.json', 'openapi-3.0.json']) {
    const document = (await (await fetch(`${base}/${name}`)).json()) as { servers: { url: string }[] }
    t.equal(document.servers[0]?.url, base)
    t.equal((await fetch(`${document.servers[0]?.url ?? ''}/health/live`)).status, 200)
  }
})

test('the documentation page works below any path, and calls the server that it comes from', async (t) => {
  let listens = ''
  const base = await startPrefix(t, '/a/b', () => listens)
  const { app } = await build(t)
  listens = await app.listen({ port: 0, host: '127.0.0.1' })
  for (const page of [`${base}/documentation`, `${base}/documentation/`]) {
    const html = await (await fetch(page)).text()
    const files = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file ?? '')
    t.ok(files.length >= 4, page)
    for (const file of files) t.equal((await fetch(new URL(file, page))).status, 200, file)
  }
  const spec = `${base}/documentation/json`
  const { servers } = (await (await fetch(spec)).json()) as { servers: { url: string }[] }
  t.equal(new URL(servers[0]?.url ?? '', spec).href, `${base}/`)
})

test('without PUBLIC_URL what leads back is a path, whatever the Host header says', async (t) => {
  const { app } = await build(t)
  for (const host of ['evil.example', 'localhost:80']) {
    const { body } = await app.inject({ url: '/protected', headers: { host, 'x-forwarded-host': host } })
    t.match(body, '"type":"/problems/token-missing"')
    const document = await app.inject({ url: '/openapi.json', headers: { host } })
    t.match(document.json(), { servers: [{ url: '/' }] })
  }
})
