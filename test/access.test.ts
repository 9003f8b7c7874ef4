import { test } from 'tap'
import { build } from './helper.ts'

/** What the document says of an operation, as far as this test reads it. */
interface Operation {
  operationId: string
  security: object[]
  'x-permission'?: string
}

/** Path parameters that name something, so that a call gets as far as its guard lets it. */
const place = (path: string) =>
  path
    .replace('/roles/{name}', '/roles/user')
    .replace('{session}', '0b6f2f52-6f4e-4f0f-9d2b-1c3f5a7e9b10')
    .replace('{code}', 'not-found')
    .replace('/me/sessions/{id}', '/me/sessions/0b6f2f52-6f4e-4f0f-9d2b-1c3f5a7e9b10')
    .replace('{id}', '999')

test('every operation lets in exactly those whom its own access names', async (t) => {
  const { app, db, as } = await build(t)
  const admin = await as('admin')
  await db
    .insertInto('roles')
    .values({
      name: 'auditor',
      description: 'Reads',
      permissions: '["audit:read"]',
      requests_per_minute: 1000
    })
    .execute()
  await db.updateTable('roles').set({ requests_per_minute: 1000 }).execute()
  const payload = { username: 'auditor', password: 'a walk in the rain', role: 'auditor' }
  t.equal((await app.inject({ method: 'POST', url: '/users', headers: admin, payload })).statusCode, 201)

  const served = await app.inject('/openapi.json')
  const document = served.json<{ paths: Record<string, Record<string, Operation>> }>()
  const callers = [
    { name: 'anonymous', username: undefined, has: () => false },
    { name: 'user', username: 'user', has: () => false },
    { name: 'auditor', username: 'auditor', has: (permission: string) => permission === 'audit:read' },
    { name: 'admin', username: 'admin', has: () => true }
  ]
  let judged = 0
  for (const [path, operations] of Object.entries(document.paths)) {
    for (const [method, { operationId, security, 'x-permission': permission }] of Object.entries(
      operations
    )) {
      for (const { name, username, has } of callers) {
        // A session for each call: some of them end it.
        const headers = username === undefined ? {} : await as(username)
        const { statusCode, body } = await app.inject({
          method: method.toUpperCase() as 'GET',
          url: place(path),
          headers
        })
        const code = /"code":"([A-Z_]+)"/.exec(body)?.[1] ?? ''
        const outcome = ['TOKEN_MISSING', 'FORBIDDEN'].includes(code) ? `${statusCode} ${code}` : 'let in'
        const expected =
          // A token may come where none is the first that is named.
          Object.keys(security[0] ?? {}).length === 0
            ? 'let in'
            : username === undefined
              ? '401 TOKEN_MISSING'
              : permission === undefined || has(permission)
                ? 'let in'
                : '403 FORBIDDEN'
        t.equal(outcome, expected, `${operationId} as ${name}`)
        if (outcome === 'let in') t.ok(statusCode < 500, `${operationId} as ${name}: ${statusCode}`)
        judged++
      }
    }
  }
  t.ok(judged >= 4 * 25, `${judged} outcomes`)
})
