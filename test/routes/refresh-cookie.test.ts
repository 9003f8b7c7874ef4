import { test } from 'tap'
import { build } from '../helper.ts'

const payload = { username: 'user', password: 'password123' }
const own = { 'sec-fetch-site': 'same-origin' }

test('a page of this origin keeps its refresh token in a cookie, and scripts of no other origin use it', async (t) => {
  const { app } = await build(t, { RATE_LIMIT_SIGN_IN: '100' })
  const login = (headers: Record<string, string>) =>
    app.inject({ method: 'POST', url: '/login?refresh=cookie', headers, payload })
  const refresh = (headers: Record<string, string>) =>
    app.inject({ method: 'POST', url: '/refresh', headers })
  /** What the browser sends back of a Set-Cookie header. */
  const sentBack = (header: unknown) => ({ cookie: String(header).split(';')[0] ?? '' })

  const strangers: Record<string, string>[] = [
    {},
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'none' },
    { 'sec-fetch-site': 'cross-site', origin: 'http://localhost:80' },
    { origin: 'https://evil.example' },
    { origin: 'null' }
  ]
  for (const headers of strangers) {
    const refused = await login(headers)
    t.match([refused.statusCode, refused.json()], [403, { code: 'NOT_SAME_ORIGIN' }], JSON.stringify(headers))
    t.equal(refused.headers['set-cookie'], undefined)
  }

  const signedIn = await login(own)
  t.equal(signedIn.statusCode, 200)
  t.notOk('refresh_token' in signedIn.json(), 'no script gets to see it')
  t.match(
    signedIn.headers['set-cookie'],
    /^refresh=[\w-]{43}; Max-Age=1209600; Path=\/refresh; HttpOnly; SameSite=Strict$/
  )
  const first = sentBack(signedIn.headers['set-cookie'])

  for (const site of ['cross-site', 'same-site', 'none']) {
    const forged = await refresh({ ...first, 'sec-fetch-site': site })
    t.match([forged.statusCode, forged.json()], [401, { code: 'REFRESH_REFUSED' }], site)
    t.equal(forged.headers['set-cookie'], undefined, 'and takes nothing away')
  }
  t.equal((await refresh(first)).statusCode, 401, 'nor does a program without an origin')

  const refreshed = await refresh({ ...first, ...own })
  t.equal(refreshed.statusCode, 200)
  t.notOk('refresh_token' in refreshed.json())
  const second = sentBack(refreshed.headers['set-cookie'])
  t.not(second.cookie, first.cookie)
  t.same(sentBack((await refresh({ ...first, ...own })).headers['set-cookie']), second, 'a lost answer')

  const { access_token } = refreshed.json<{ access_token: string }>()
  for (const cookie of [`refresh=${access_token}`, `access_token=${access_token}`])
    t.equal(
      (await app.inject({ url: '/me', headers: { cookie, ...own } })).statusCode,
      401,
      'no cookie is access'
    )
  t.equal((await refresh({ cookie: `${second.cookie}; refresh=${'x'.repeat(43)}`, ...own })).statusCode, 401)

  const authorization = `Bearer ${access_token}`
  const beside = await refresh({ ...second, ...own, authorization })
  t.equal(beside.statusCode, 200, 'an access token in the header is not in the way')
  t.match(beside.headers['set-cookie'], /^refresh=/)
  const left = await app.inject({
    method: 'POST',
    url: '/logout',
    headers: { ...own, ...second, authorization }
  })
  t.equal(left.statusCode, 204)
  t.match(left.headers['set-cookie'], /^refresh=; Max-Age=0; Path=\/refresh;/)
  const late = await refresh({ ...second, ...own })
  t.equal(late.statusCode, 401, 'the session has ended, not the cookie alone')
  t.match(late.headers['set-cookie'], /^refresh=; Max-Age=0/, 'what serves nobody is taken back')
})

test('over TLS the cookie is Secure and has the prefix that plain HTTP cannot plant', async (t) => {
  const { app } = await build(t, { TRUST_PROXY: '127.0.0.1/32' })
  const url = '/login?refresh=cookie'
  const login = (headers: Record<string, string>) => app.inject({ method: 'POST', url, headers, payload })
  const prefixed = /^__Secure-refresh=[\w-]{43}; .*SameSite=Strict; Secure$/

  const trusted = await login({ ...own, 'x-forwarded-proto': 'https' })
  t.match(trusted.headers['set-cookie'], prefixed)
  const byOrigin = await login({ ...own, origin: 'https://localhost' })
  t.match(byOrigin.headers['set-cookie'], prefixed, 'the proxy in front is not trusted, the browser is')

  const token = /=([\w-]{43});/.exec(String(trusted.headers['set-cookie']))?.[1] ?? ''
  const refresh = (cookie: string) =>
    app.inject({
      method: 'POST',
      url: '/refresh',
      headers: { ...own, 'x-forwarded-proto': 'https', cookie }
    })
  t.equal((await refresh(`refresh=${token}`)).statusCode, 401, 'planted over plain HTTP')
  t.equal((await refresh(`__Secure-refresh=${token}`)).statusCode, 200)
})

test('below a path of a proxy the cookie is for the path that the browser sees', async (t) => {
  const { app } = await build(t, { PUBLIC_URL: 'https://example.com/iam/' })
  const signedIn = await app.inject({ method: 'POST', url: '/login?refresh=cookie', headers: own, payload })
  t.match(signedIn.headers['set-cookie'], '; Path=/iam/refresh;')
})

test('where the browser sends no Sec-Fetch-Site, over plain HTTP, its Origin tells', async (t) => {
  const { app } = await build(t)
  const headers = { host: 'gatehouse.lan:3000', origin: 'http://gatehouse.lan:3000' }
  const url = '/login?refresh=cookie'
  const signedIn = await app.inject({ method: 'POST', url, headers, payload })
  t.equal(signedIn.statusCode, 200)
  const elsewhere = { ...headers, origin: 'http://gatehouse.lan:4000' }
  t.equal((await app.inject({ method: 'POST', url, headers: elsewhere, payload })).statusCode, 403)
})

test('who keeps the refresh token elsewhere gets it in the body, and no cookie', async (t) => {
  const { app } = await build(t)
  const signedIn = await app.inject({ method: 'POST', url: '/login', headers: own, payload })
  const { refresh_token } = signedIn.json<{ refresh_token: string }>()
  t.match(refresh_token, /^[\w-]{43}$/)
  t.equal(signedIn.headers['set-cookie'], undefined)
  const refreshed = await app.inject({
    method: 'POST',
    url: '/refresh',
    headers: { ...own, cookie: `refresh=${'x'.repeat(43)}` },
    payload: { refresh_token }
  })
  t.match(refreshed.json<{ refresh_token: string }>().refresh_token, /^[\w-]{43}$/)
  t.equal(refreshed.headers['set-cookie'], undefined)
})
