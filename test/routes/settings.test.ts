import type { FastifyInstance } from 'fastify'
import { test } from 'tap'
import { announceTouched } from '../../core/changes/touched.ts'
import { serviceDatabase } from '../database.ts'
import { build } from '../helper.ts'
import { until } from '../until.ts'

/** Without the variables that would fix the settings. */
const free = { RATE_LIMIT_DEFAULT: '' }

interface Shown {
  name: string
  value: unknown
  default_value: unknown
  source: string
  fixed: boolean
  updated_at: string | null
}

/** Reads and changes settings as somebody. */
function operator(app: FastifyInstance, headers: Record<string, string>, remoteAddress = '127.0.0.1') {
  const read = (name: string) => app.inject({ url: `/settings/${name}`, headers, remoteAddress })
  const change = async (name: string, value: unknown, etag?: string) => {
    const match = etag ?? String((await read(name)).headers.etag)
    return app.inject({
      method: 'PATCH',
      url: `/settings/${name}`,
      headers: { ...headers, 'if-match': match },
      payload: { value },
      remoteAddress
    })
  }
  return { read, change }
}

test('each setting says its value, its default and where it comes from; a change needs the state that was read', async (t) => {
  const { app, db, as } = await build(t, { RATE_LIMIT_DEFAULT: '5000' })
  const admin = await as('admin')
  const { read, change } = operator(app, admin)
  const listed = await app.inject({ url: '/settings', headers: admin })
  t.same(
    listed
      .json<{ settings: Shown[] }>()
      .settings.map(({ name, value, source, fixed }) => [name, value, source, fixed]),
    [
      ['banner', null, 'default', false],
      ['blocked_networks', [], 'default', false],
      ['rate_limit_default', 5000, 'environment', true],
      ['read_only', false, 'default', false],
      ['registration', 'open', 'default', false]
    ]
  )

  const banner = { text: 'Back at 22:00 UTC', level: 'warning' }
  const first = await change('banner', banner)
  t.equal(first.statusCode, 200)
  t.match(first.json(), { value: banner, default_value: null, source: 'setting', updated_at: String })
  const { etag } = first.headers
  t.same((await read('banner')).headers.etag, etag)
  t.same((await read('banner')).json(), first.json())
  const unchanged = await app.inject({
    url: '/settings/banner',
    headers: { ...admin, 'if-none-match': String(etag) }
  })
  t.equal(unchanged.statusCode, 304)

  t.match((await change('banner', null, '"0"')).json(), { code: 'PRECONDITION_FAILED' })
  const blind = await app.inject({
    method: 'PATCH',
    url: '/settings/banner',
    headers: admin,
    payload: { value: null }
  })
  t.match(blind.json(), { code: 'PRECONDITION_REQUIRED' })
  t.match((await change('rate_limit_default', 100)).json(), {
    code: 'SETTING_FIXED',
    detail: 'The variable RATE_LIMIT_DEFAULT says it.'
  })
  t.match((await change('banner', null)).json(), { value: null, source: 'default', updated_at: String })

  const entries = await db
    .selectFrom('audit')
    .select(['actor', 'target', 'changes'])
    .where('action', '=', 'setting.update')
    .orderBy('id')
    .execute()
  t.same(entries, [
    {
      actor: 'admin',
      target: 'setting:banner',
      changes: JSON.stringify([{ member: 'value', to: JSON.stringify(banner) }])
    },
    { actor: 'admin', target: 'setting:banner', changes: '[{"member":"value","to":"null"}]' }
  ])
})

test('what a setting cannot be is refused, and changes nothing', async (t) => {
  const { app, as } = await build(t, free)
  const { read, change } = operator(app, await as('admin'))
  const refused: [string, unknown][] = [
    ['registration', 'ajar'],
    ['registration', true],
    ['rate_limit_default', 9],
    ['rate_limit_default', 1.5],
    ['rate_limit_default', '300'],
    ['read_only', 'on'],
    ['banner', { text: '', level: 'info' }],
    ['banner', { text: 'x', level: 'loud' }],
    ['banner', { text: 'x', level: 'info', html: '<b>' }],
    ['blocked_networks', '203.0.113.0/24'],
    ['blocked_networks', ['203.0.113.0/33']],
    ['blocked_networks', ['203.0.113']],
    ['blocked_networks', ['::ffff:203.0.113.0/64']],
    ['blocked_networks', ['1.2.3.4', '1.2.3.4']]
  ]
  for (const [name, value] of refused) {
    const answer = await change(name, value)
    t.equal(answer.statusCode, 400, `${name} ${JSON.stringify(value)}`)
    t.match(answer.json<{ errors: { path: string }[] }>().errors[0]?.path, /^\/body\/value/)
    t.match((await read(name)).json(), { source: 'default', updated_at: null })
  }
  t.equal((await read('nothing')).statusCode, 400)
})

test('of two who change one setting at once the second has to look again', async (t) => {
  const { app, as } = await build(t, free)
  const { change } = operator(app, await as('admin'))
  const answers = await Promise.all(['open', 'closed'].map((value) => change('registration', value, '"0"')))
  t.same(answers.map(({ statusCode }) => statusCode).sort(), [200, 412])
})

test('registration and the default limit are what the settings say, from the next request on', async (t) => {
  const { app, as } = await build(t, free)
  const { change } = operator(app, await as('admin'))
  const user = await as('user')
  const register = (username: string) =>
    app.inject({ method: 'POST', url: '/register', payload: { username, password: 'a walk in the rain' } })
  t.equal((await register('ada')).statusCode, 201)
  t.equal((await change('registration', 'closed')).statusCode, 200)
  t.match((await register('grace')).json(), { code: 'REGISTRATION_CLOSED' })

  const limit = async () =>
    (await app.inject({ url: '/protected', headers: user })).headers['ratelimit-limit']
  t.equal(String(await limit()), '300')
  t.equal((await change('rate_limit_default', 1000)).statusCode, 200)
  t.equal(String(await limit()), '1000')
  t.equal((await change('rate_limit_default', null)).statusCode, 200)
  t.equal(String(await limit()), '300')
})

test('a blocked network gets a 403 and nothing else; nobody blocks themselves, and loopback never is', async (t) => {
  const { app, as } = await build(t, free)
  const admin = await as('admin')
  const { change } = operator(app, admin, '198.51.100.7')
  const from = (remoteAddress: string, url = '/health/live') => app.inject({ url, remoteAddress })

  t.match((await change('blocked_networks', ['198.51.100.0/24'])).json(), {
    code: 'BLOCKS_YOURSELF',
    detail: 'You ask from 198.51.100.7, which this would block.'
  })
  const networks = ['203.0.113.9/24', '2001:DB8::/32', '::ffff:192.0.2.1', '127.0.0.0/8']
  const changed = await change('blocked_networks', networks)
  t.same(changed.json<Shown>().value, ['203.0.113.9/24', '2001:db8::/32', '192.0.2.1/32', '127.0.0.0/8'])

  for (const address of ['203.0.113.200', '2001:db8:1::1', '192.0.2.1', '::ffff:192.0.2.1']) {
    for (const url of ['/health/live', '/protected', '/nowhere', '/documentation/']) {
      const answer = await from(address, url)
      t.match(answer.json(), { status: 403, code: 'NETWORK_BLOCKED' }, `${address} ${url}`)
      t.match(answer.headers, { 'ratelimit-policy': '"blocked";q=0;w=60', ratelimit: '"blocked";r=0;t=60' })
    }
  }
  for (const address of ['203.0.112.1', '192.0.2.2', '127.0.0.1', '::1', '2001:db9::1'])
    t.equal((await from(address)).statusCode, 200, address)

  t.equal((await change('blocked_networks', [])).statusCode, 200)
  t.equal((await from('203.0.113.200')).statusCode, 200)
  const audit = await app.inject({ url: '/audit?action=setting.update&limit=1', headers: admin })
  t.match(audit.json<{ entries: { changes: object[] }[] }>().entries[0]?.changes, [
    { member: 'added', to: '' },
    { member: 'removed', to: '203.0.113.9/24 2001:db8::/32 192.0.2.1/32 127.0.0.0/8' }
  ])
})

test('read-only is 503 for whatever writes, but for signing in and out and the settings', async (t) => {
  const { app, session } = await build(t, free)
  const { headers, refreshToken } = await session('admin')
  const { change } = operator(app, headers)
  t.equal((await change('read_only', true)).statusCode, 200)

  const post = (url: string, payload: object) => app.inject({ method: 'POST', url, headers, payload })
  const refused = await post('/users', { username: 'ada', password: 'a walk in the rain', role: 'user' })
  t.match(refused.json(), { status: 503, code: 'READ_ONLY' })
  t.equal(refused.headers['retry-after'], '30')
  const operations = Object.entries(app.openapi.v31().paths ?? {}).flatMap(([path, item]) =>
    (['post', 'put', 'patch', 'delete'] as const).flatMap((method) =>
      item?.[method] ? [`${method} ${path}`] : []
    )
  )
  const working: string[] = []
  for (const operation of operations) {
    const [method = '', path = ''] = operation.split(' ')
    const url = path.replace(/\{[a-z]+\}/g, '1')
    // A session for each call: some of them end it.
    const caller = await session('admin')
    const answer = await app.inject({ method: method.toUpperCase() as 'POST', url, headers: caller.headers })
    if (!answer.body.includes('READ_ONLY')) working.push(operation)
  }
  t.same(working.sort(), [
    'delete /cache',
    'patch /settings/{name}',
    'post /introspection',
    'post /login',
    'post /login/verification',
    'post /logout',
    'post /me/reauthentication',
    'post /passkeys/options',
    'post /passkeys/sign-in',
    'post /refresh'
  ])
  t.equal((await app.inject({ url: '/users', headers })).statusCode, 200, 'reading goes on')
  t.equal((await post('/refresh', { refresh_token: refreshToken })).statusCode, 200)
  t.equal((await change('read_only', null)).statusCode, 200)
  t.equal((await post('/users', {})).statusCode, 400, 'and then all is as before')
})

test('a change past the service is in force soon, and one that makes no sense is none', async (t) => {
  const { app, db } = await build(t, free)
  const set = async (value: string) => {
    const row = { name: 'registration', value, version: 7, updated_at: new Date().toISOString() }
    await db
      .insertInto('settings')
      .values(row)
      .onConflict((conflict) => conflict.column('name').doUpdateSet(row))
      .execute()
    announceTouched(db, [{ table: 'settings', key: '*' }])
  }
  await set('"closed"')
  await until(() => app.settings.inForce.registration === 'closed')
  await set('"ajar"')
  await until(() => app.settings.inForce.registration === 'open')
})

test('what another instance has changed is in force soon, though nobody tells of it', async (t) => {
  const DATABASE_URL = await serviceDatabase(t)
  const one = await build(t, { ...free, DATABASE_URL })
  const other = await build(t, { ...free, DATABASE_URL })
  const { change } = operator(one.app, await one.as('admin'))
  t.equal((await change('registration', 'closed')).statusCode, 200)
  await until(() => other.app.settings.inForce.registration === 'closed')
})
