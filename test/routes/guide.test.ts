import { test } from 'tap'
import { build } from '../helper.ts'

test('the guide, from the first request to the last', async (t) => {
  const { app } = await build(t)
  const login = await app.inject({
    method: 'POST',
    url: '/login',
    payload: { username: 'admin', password: 'password123' }
  })
  t.equal(login.statusCode, 200)
  t.match(login.json(), {
    access_token: String,
    refresh_token: /^[\w-]{43}$/,
    token_type: 'Bearer',
    expires_in: 3600
  })
  const headers = { authorization: `Bearer ${login.json<{ access_token: string }>().access_token}` }

  const greeting = await app.inject({ url: '/protected', headers })
  t.same(greeting.json(), { message: 'Welcome admin!', role: 'admin', authenticated: true })
  const panel = await app.inject({ url: '/admin', headers })
  t.same(panel.json(), {
    message: 'Welcome to the admin panel!',
    admin_features: ['User Management', 'System Configuration', 'Analytics'],
    admin_level: 'admin',
    // Beside what the guide says: where each of them is.
    links: { users: '/console/#/users', system: '/console/#/system', analytics: '/console/#/overview' }
  })
})

test('without a header the answer is the 401 of the guide', async (t) => {
  const { app } = await build(t)
  const response = await app.inject({ url: '/protected' })
  t.equal(response.statusCode, 401)
  t.equal(response.headers['www-authenticate'], 'Bearer')
  t.match(response.json(), { msg: 'Missing Authorization Header', code: 'TOKEN_MISSING', status: 401 })
})

test('a user can neither open the admin panel nor list accounts', async (t) => {
  const { app, as } = await build(t)
  const headers = await as('user')
  for (const url of ['/admin', '/users']) {
    const response = await app.inject({ url, headers })
    t.equal(response.statusCode, 403, url)
    t.match(response.json(), { code: 'FORBIDDEN', error: 'Access denied. Admin privileges required.' })
  }
})

test('the root sends a browser to the console, and tells others where everything is', async (t) => {
  const { app } = await build(t)
  const index = await app.inject({ url: '/', headers: { accept: 'application/json' } })
  t.match(index.json(), {
    name: 'Gatehouse',
    version: /^\d/,
    documentation: '/documentation',
    openapi: '/openapi.json',
    console: '/console/',
    banner: null
  })
  t.equal(index.headers.vary, 'Accept')
  t.equal((await app.inject('/')).statusCode, 200, 'also without a wish')
  const accept = 'text/html,application/xhtml+xml,*/*;q=0.8'
  const browser = await app.inject({ url: '/', headers: { accept } })
  t.match([browser.statusCode, browser.headers.location, browser.headers.vary], [302, '/console/', 'Accept'])
  t.equal((await app.inject({ method: 'POST', url: '/' })).headers.allow, 'GET, HEAD')
})
