import { type Test, test } from 'tap'
import { permissionNames } from '../../schemas/access.ts'
import { onTouched } from '../../core/changes/touched.ts'
import { write } from '../../core/database/transaction.ts'
import { effectivePermissions } from '../../core/roles/permissions.ts'
import { deleteRole, getRole, insertRole, listRoles, lockRole, updateRole } from '../../core/roles/roles.ts'
import { withAccounts } from '../people.ts'

const editor = {
  name: 'editor',
  description: 'Reads accounts',
  permissions: ['users:read', 'audit:read'] as const,
  requests_per_minute: 3
}

async function prepare(t: Test) {
  const db = await withAccounts(t)
  const touched: unknown[] = []
  onTouched(db, (rows) => touched.push(...(rows === 'all' ? [rows] : rows)))
  return { db, touched, add: (values = editor) => write(db, (tx) => insertRole(tx, values)) }
}

test('a role grants what it names of the registry, and * is all of it', (t) => {
  const granted = (...names: string[]) => [...effectivePermissions(JSON.stringify(names))]
  t.same(granted('users:read', 'past:glory'), ['users:read'])
  t.same(granted(), [])
  t.same(granted('*'), permissionNames)
  t.same(granted('users:read', '*'), permissionNames)
  t.end()
})

test('a role is added, found, changed and deleted, and others hear of it', async (t) => {
  const { db, touched, add } = await prepare(t)
  const shown = { ...editor, permissions: ['audit:read', 'users:read'], requires_mfa: false }
  const lock = (name: string) => write(db, (tx) => lockRole(tx, name))
  t.same(await add(), shown)
  t.same(await getRole(db, 'editor'), shown)
  t.same(await lock('editor'), shown)

  const change = (changes: Parameters<typeof updateRole>[2], name = 'editor') =>
    write(db, (tx) => updateRole(tx, name, changes))
  t.same(await change({ requires_mfa: true }), { ...shown, requires_mfa: true })
  t.same(await change({ permissions: [] }), { ...shown, permissions: [], requires_mfa: true })
  const last = { ...shown, permissions: [], description: '', requests_per_minute: 9 }
  t.same(await change({ description: '', requests_per_minute: 9, requires_mfa: false }), last)
  t.same(await getRole(db, 'editor'), last)
  const user = await getRole(db, 'user')
  t.same(
    touched.splice(0),
    Array.from({ length: 4 }, () => ({ table: 'roles', key: 'editor' }))
  )

  await write(db, (tx) => deleteRole(tx, 'editor'))
  t.same(touched, [{ table: 'roles', key: 'editor' }])
  const gone = { code: 'ROLE_NOT_FOUND', message: 'There is no role editor.' }
  await t.rejects(getRole(db, 'editor'), gone)
  await t.rejects(lock('editor'), gone)
  await t.rejects(change({ description: '' }), gone)
  t.same(await getRole(db, 'user'), user, 'another one stays as it is')
  t.same(await add({ ...editor, ...{ requires_mfa: true } }), { ...shown, requires_mfa: true })
})

test('a name is taken once, and a role that somebody has stays', async (t) => {
  const { db, add } = await prepare(t)
  await add()
  await t.rejects(add(), { code: 'ROLE_TAKEN', message: 'There is a role editor already.' })
  const invalid = { ...editor, name: 'other', requests_per_minute: NaN }
  await t.rejects(
    add(invalid),
    { code: /^(SQLITE_CONSTRAINT_NOTNULL|22...)$/ },
    'what else is wrong is told as it is'
  )
  const remove = () => write(db, (tx) => deleteRole(tx, 'editor'))
  await db.updateTable('users').set({ role: 'editor' }).where('id', '=', 2).execute()
  await t.rejects(remove(), {
    code: 'ROLE_IN_USE',
    message: 'Accounts have the role editor; give them another one first.'
  })
  await db.updateTable('users').set({ role: 'user' }).where('id', '=', 2).execute()
  await remove()
  await t.rejects(getRole(db, 'editor'), { code: 'ROLE_NOT_FOUND' })
})

test('roles are listed by name, those with a beginning of it alone, and by pages', async (t) => {
  const { db, add } = await prepare(t)
  for (const name of ['editor', 'edit', 'edit-all', 'edjt', 'eddy']) await add({ ...editor, name })
  const names = async (query: Parameters<typeof listRoles>[1]) =>
    (await listRoles(db, query)).roles.map(({ name }) => name)
  t.same(await names({}), ['admin', 'eddy', 'edit', 'edit-all', 'editor', 'edjt', 'user'])
  t.same(await names({ q: 'edit' }), ['edit', 'edit-all', 'editor'])
  t.same(await names({ q: 'x' }), [])
  const { roles, next_cursor } = await listRoles(db, { q: 'ed', limit: 2 })
  t.match(roles, [{ name: 'eddy', permissions: ['audit:read', 'users:read'], requires_mfa: false }, {}])
  t.same(await names({ q: 'ed', limit: 2, cursor: next_cursor ?? '' }), ['edit-all', 'editor'])
})
