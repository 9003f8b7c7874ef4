import { test } from 'tap'
import { permissionNames } from '../../schemas/access.ts'
import { build } from '../helper.ts'

const editor = {
  name: 'editor',
  description: 'Reads accounts',
  permissions: ['users:read'],
  requests_per_minute: 3
}

test('a role is created, given away, changed and deleted, and counts at once', async (t) => {
  const { app, as } = await build(t)
  const headers = await as('admin')
  const created = await app.inject({ method: 'POST', url: '/roles', headers, payload: editor })
  t.equal(created.statusCode, 201)
  t.equal(created.headers.location, '/roles/editor')
  const shown = { ...editor, requires_mfa: false }
  t.same(created.json(), shown)
  t.same((await app.inject({ url: '/roles/editor', headers })).json(), shown)
  t.match((await app.inject({ method: 'POST', url: '/roles', headers, payload: editor })).json(), {
    status: 409,
    code: 'ROLE_TAKEN'
  })

  const user = { username: 'eddy', password: 'a walk in the rain', role: 'editor' }
  t.equal((await app.inject({ method: 'POST', url: '/users', headers, payload: user })).statusCode, 201)
  const asEditor = await as('eddy')
  t.equal((await app.inject({ url: '/users', headers: asEditor })).statusCode, 200)
  const codes: number[] = []
  for (let call = 0; call < 4; call++)
    codes.push((await app.inject({ url: '/api/data', headers: asEditor })).statusCode)
  t.same(codes, [200, 200, 200, 429], 'the limit of the role')

  const patch = (payload: object) => app.inject({ method: 'PATCH', url: '/roles/editor', headers, payload })
  t.match((await patch({ permissions: [], requests_per_minute: 9 })).json(), {
    permissions: [],
    requests_per_minute: 9,
    description: 'Reads accounts'
  })
  t.match((await app.inject({ url: '/users', headers: asEditor })).json(), {
    status: 403,
    permission: 'users:read'
  })
  t.equal((await app.inject({ url: '/api/data', headers: asEditor })).statusCode, 200)
  t.equal((await patch({ permissions: ['fly'] })).statusCode, 400)
  t.equal((await patch({ name: 'chief' })).statusCode, 400)

  const remove = () => app.inject({ method: 'DELETE', url: '/roles/editor', headers })
  t.match((await remove()).json(), { status: 409, code: 'ROLE_IN_USE' })
  const { id } = (await app.inject({ url: '/users?q=eddy', headers })).json<{ users: [{ id: number }] }>()
    .users[0]
  await app.inject({ method: 'DELETE', url: `/users/${id}`, headers: { ...headers, 'if-match': '*' } })
  t.equal((await remove()).statusCode, 204)
  const gone = { status: 404, code: 'ROLE_NOT_FOUND', detail: 'There is no role editor.' }
  t.match((await remove()).json(), gone)
  t.match((await patch({ description: 'Back' })).json(), gone)
  t.match((await app.inject({ url: '/roles/editor', headers })).json(), gone)
})

test('a role is changed and deleted as it was read, where the request says so', async (t) => {
  const { app, as } = await build(t)
  const headers = await as('admin')
  const url = '/roles/editor'
  const created = await app.inject({ method: 'POST', url: '/roles', headers, payload: editor })
  const seen = created.headers.etag ?? ''
  const read = (more: object = {}) => app.inject({ url, headers: { ...headers, ...more } })
  t.equal((await read()).headers.etag, seen)
  t.equal((await read({ 'if-none-match': seen })).statusCode, 304)

  const patch = (payload: object, more: object = {}) =>
    app.inject({ method: 'PATCH', url, headers: { ...headers, ...more }, payload })
  const first = await patch({ permissions: [] }, { 'if-match': seen })
  t.equal(first.statusCode, 200)
  t.not(first.headers.etag, seen)
  const late = await patch({ permissions: ['users:read', 'users:write'] }, { 'if-match': seen })
  t.match(late.json(), { status: 412, code: 'PRECONDITION_FAILED' })
  t.equal((await read()).headers.etag, first.headers.etag, 'nothing was changed')
  const second = await patch({ description: 'Writes' })
  t.equal(second.statusCode, 200, 'whatever it is, where the request does not say')

  const remove = (etag: unknown) =>
    app.inject({ method: 'DELETE', url, headers: { ...headers, 'if-match': String(etag) } })
  t.match((await remove(first.headers.etag)).json(), { status: 412, code: 'PRECONDITION_FAILED' })
  t.equal((await remove(second.headers.etag)).statusCode, 204)
})

test('a permission that has left the registry is none, and permissions are told in one order', async (t) => {
  const { app, db, as } = await build(t)
  const headers = await as('admin')
  const permissions = JSON.stringify(['users:read', 'past:glory', 'audit:read'])
  await db.updateTable('roles').set({ permissions }).where('name', '=', 'user').execute()
  const role = (await app.inject({ url: '/roles/user', headers })).json<{ permissions: string[] }>()
  t.same(role.permissions, ['audit:read', 'users:read'])
  t.equal((await app.inject({ url: '/audit', headers: await as('user') })).statusCode, 200)
})

test('admin has every permission and cannot be changed; built-in roles cannot be deleted', async (t) => {
  const { app, as } = await build(t)
  const headers = await as('admin')
  const admin = (await app.inject({ url: '/roles/admin', headers })).json<{ permissions: string[] }>()
  t.same(admin.permissions, [...permissionNames].sort())
  const change = { method: 'PATCH', headers, payload: { description: 'Changed' } } as const
  t.match((await app.inject({ ...change, url: '/roles/admin' })).json(), {
    status: 409,
    code: 'ROLE_BUILT_IN'
  })
  t.equal((await app.inject({ ...change, url: '/roles/user' })).statusCode, 200)
  for (const name of ['admin', 'user']) {
    const answer = await app.inject({ method: 'DELETE', url: `/roles/${name}`, headers })
    t.match(answer.json(), { status: 409, code: 'ROLE_BUILT_IN' })
  }
})

test('nobody grants what they do not have', async (t) => {
  const { app, as } = await build(t)
  const admin = await as('admin')
  const keeper = {
    name: 'keeper',
    description: 'Keeps roles',
    permissions: ['roles:read', 'roles:write'],
    requests_per_minute: 5
  }
  await app.inject({ method: 'POST', url: '/roles', headers: admin, payload: keeper })
  await app.inject({ method: 'POST', url: '/roles', headers: admin, payload: editor })
  await app.inject({
    method: 'POST',
    url: '/users',
    headers: admin,
    payload: { username: 'kim', password: 'a walk in the rain', role: 'keeper' }
  })
  const headers = await as('kim')
  const refused = [
    app.inject({ method: 'POST', url: '/roles', headers, payload: { ...editor, name: 'other' } }),
    app.inject({
      method: 'PATCH',
      url: '/roles/keeper',
      headers,
      payload: { permissions: [...keeper.permissions, 'audit:read'] }
    }),
    app.inject({ method: 'PATCH', url: '/roles/editor', headers, payload: { permissions: [] } }),
    app.inject({ method: 'DELETE', url: '/roles/editor', headers })
  ]
  for (const answer of await Promise.all(refused))
    t.match(answer.json(), { status: 403, code: 'BEYOND_OWN_PERMISSIONS', permission: String })
  const own = { ...keeper, name: 'helper', permissions: ['roles:read'] }
  t.equal((await app.inject({ method: 'POST', url: '/roles', headers, payload: own })).statusCode, 201)
})

test('roles and permissions are listed, filtered and paged', async (t) => {
  const { app, as } = await build(t)
  const headers = await as('admin')
  await app.inject({ method: 'POST', url: '/roles', headers, payload: editor })
  const get = async (url: string) =>
    (await app.inject({ url, headers })).json<
      Record<string, { name: string }[]> & { next_cursor: string | null }
    >()
  t.same(
    (await get('/roles')).roles?.map(({ name }) => name),
    ['admin', 'editor', 'user']
  )
  t.same(
    (await get('/roles?q=ed')).roles?.map(({ name }) => name),
    ['editor']
  )
  const { roles, next_cursor } = await get('/roles?limit=2')
  t.equal(roles?.length, 2)
  t.match(await get(`/roles?limit=2&cursor=${next_cursor ?? ''}`), {
    roles: [{ name: 'user' }],
    next_cursor: null
  })

  const all = await get('/permissions?limit=200')
  t.same(
    all.permissions?.map(({ name }) => name),
    [...permissionNames].sort()
  )
  t.match(await get('/permissions?q=audit'), {
    permissions: [{ name: 'audit:read', description: 'Read the audit log' }],
    next_cursor: null
  })
  const first = await get('/permissions?limit=1')
  t.match(await get(`/permissions?limit=1&cursor=${first.next_cursor ?? ''}`), {
    permissions: [{ name: all.permissions?.[1]?.name }]
  })
})
