import { test } from 'tap'
import { build } from '../helper.ts'
import { startPrefix } from '../prefix.ts'
import { build as compile } from '../process.ts'

test('the console is one page with a policy of its own, and files that are kept for good', async (t) => {
  compile()
  const { app } = await build(t)
  const [first, second] = [await app.inject('/console/'), await app.inject('/console/')]
  t.equal(first.statusCode, 200)
  t.equal(first.headers['cache-control'], 'no-cache')
  const policy = String(first.headers['content-security-policy'])
  t.match(policy, /default-src 'none'; script-src 'self'; style-src 'self' 'nonce-[\w+/]{22}=='/)
  t.notMatch(policy, /unsafe|https?:/)
  const nonces = [first, second].map(({ body }) => new Set(body.match(/nonce="[^"]+"/g)))
  t.ok(nonces.every(({ size }) => size === 1))
  t.not([...(nonces[0] ?? [])][0], [...(nonces[1] ?? [])][0], 'a nonce is for one answer')
  t.ok(policy.includes([...(nonces[0] ?? [])][0]?.slice(7, -1) ?? '-'))

  const files = [...first.body.matchAll(/(?:src|href)="\.\/([^"]+)"/g)].map(
    ([, file]) => `/console/${file ?? ''}`
  )
  t.ok(files.length >= 4)
  for (const url of files) {
    const file = await app.inject({ url, headers: { 'accept-encoding': 'br, gzip' } })
    const isHashed = url.includes('/assets/')
    t.equal(file.statusCode, 200, url)
    t.match(file.headers['cache-control'], isHashed ? /max-age=31536000, immutable/ : /^no-cache$/)
    t.equal(file.headers['content-encoding'], isHashed ? 'br' : undefined)
    t.match(file.headers['x-content-type-options'], 'nosniff')
  }
  t.match((await app.inject('/console')).headers.location, 'console/')
  for (const url of [
    '/console/none.js',
    '/console/..%2fnewest',
    '/console/%2e%2e/newest',
    '/console/index.html'
  ])
    t.match(
      [(await app.inject(url)).statusCode, (await app.inject(url)).json()],
      [404, { code: 'NOT_FOUND' }],
      url
    )
})

test('the console works below any path that a proxy puts before it', async (t) => {
  let listens = ''
  const base = await startPrefix(t, '/a/b', () => listens)
  const { app } = await build(t)
  listens = await app.listen({ port: 0, host: '127.0.0.1' })
  const page = await fetch(`${base}/console`)
  t.equal(page.url, `${base}/console/`)
  for (const [, file = ''] of (await page.text()).matchAll(/(?:src|href)="([^"]+)"/g))
    t.equal((await fetch(new URL(file, page.url))).status, 200, file)
})
