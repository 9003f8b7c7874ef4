import type { InjectOptions } from 'fastify'
import { test } from 'tap'
import { fakeClocks } from '../clock.ts'
import { build } from '../helper.ts'

const password = 'a walk in the rain'
const another = 'a ride in the snow'

test('whatever changes an account or a role outdates the list that shows it', async (t) => {
  const { app, as, session } = await build(t)
  const headers = { ...(await as('admin')), 'if-match': '*' }
  const isKept = async (url: string) =>
    String((await app.inject({ url, headers })).headers['cache-status']).includes('hit')
  /** Makes a change while a list is kept; answers what the change was answered with. */
  const change = async (list: string, request: InjectOptions & { url: string }) => {
    await app.inject({ url: list, headers })
    const name = `${String(request.method)} ${request.url}`
    t.ok(await isKept(list), `${list} is kept before ${name}`)
    const answer = await app.inject({ headers, ...request })
    t.equal(Math.floor(answer.statusCode / 100), 2, `${name}: ${answer.body}`)
    t.notOk(await isKept(list), `${list} is made anew after ${name}`)
    return answer
  }

  const newcomer = { username: 'newcomer', password, role: 'user' }
  const made = await change('/users', { method: 'POST', url: '/users', payload: newcomer })
  const { id } = made.json<{ id: number }>()
  const url = `/users/${id}`
  await change('/users', { method: 'POST', url: '/register', payload: { username: 'guest', password } })
  await change('/users', { method: 'PATCH', url, payload: { role: 'admin' } })
  await change('/users', { method: 'POST', url: `${url}/password`, payload: { password: another } })
  const own = (await session('newcomer')).headers
  await change('/users', { method: 'PATCH', url: '/me', headers: own, payload: { username: 'renamed' } })
  const passwords = { current_password: another, new_password: password }
  await change('/users', { method: 'PUT', url: '/me/password', headers: own, payload: passwords })
  await change('/users', { method: 'DELETE', url })

  const editor = { name: 'editor', description: 'Reads', permissions: [], requests_per_minute: 3 }
  await change('/roles', { method: 'POST', url: '/roles', payload: editor })
  await change('/roles', { method: 'PATCH', url: '/roles/editor', payload: { description: 'Writes' } })
  await change('/roles', { method: 'DELETE', url: '/roles/editor' })
})

test('whatever ends a session ends it for the next request', async (t) => {
  const clocks = fakeClocks(t)
  const { app, as, session } = await build(t, { REFRESH_GRACE: '100ms' })
  const admin = { ...(await as('admin')), 'if-match': '*' }
  const payload = { username: 'victim', password, role: 'user' }
  const made = await app.inject({ method: 'POST', url: '/users', headers: admin, payload })
  const { id } = made.json<{ id: number }>()
  const url = `/users/${id}`
  const by = async (victim: string) => (await session(victim)).headers
  const refresh = (refresh_token: string) =>
    app.inject({ method: 'POST', url: '/refresh', payload: { refresh_token } })

  type Victim = Awaited<ReturnType<typeof session>>
  const ends: Record<string, (victim: Victim) => Promise<{ statusCode: number }>> = {
    'signing out': ({ headers }) => app.inject({ method: 'POST', url: '/logout', headers }),
    'signing out everywhere': async () =>
      app.inject({ method: 'POST', url: '/logout?scope=all', headers: await by('victim') }),
    'ending it from another': async ({ sessionId }) =>
      app.inject({ method: 'DELETE', url: `/me/sessions/${sessionId}`, headers: await by('victim') }),
    'a new password of their own': async () =>
      app.inject({
        method: 'PUT',
        url: '/me/password',
        headers: await by('victim'),
        payload: { current_password: password, new_password: another }
      }),
    'a new password by an administrator': () =>
      app.inject({ method: 'POST', url: `${url}/password`, headers: admin, payload: { password } }),
    'an administrator': () => app.inject({ method: 'DELETE', url: `${url}/sessions`, headers: admin }),
    'a refresh token that somebody else has used': async ({ refreshToken }) => {
      const used = await refresh(refreshToken)
      // Once its successor has been used, a spent token is a copy in other hands.
      t.equal((await refresh(used.json<{ refresh_token: string }>().refresh_token)).statusCode, 200)
      clocks.pass(101)
      t.equal((await refresh(refreshToken)).statusCode, 401)
      return used
    },
    'being deleted': () => app.inject({ method: 'DELETE', url, headers: admin })
  }
  for (const [name, end] of Object.entries(ends)) {
    const victim = await session('victim')
    const ask = async () => (await app.inject({ url: '/protected', headers: victim.headers })).statusCode
    t.equal(await ask(), 200, `before ${name}`)
    const { statusCode } = await end(victim)
    t.equal(Math.floor(statusCode / 100), 2, `${name}: ${statusCode}`)
    t.equal(await ask(), 401, `after ${name}`)
  }
})
