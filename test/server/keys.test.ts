import { test } from 'tap'
import { scratchDatabase } from '../database.ts'
import { startServer } from '../process.ts'
import { until } from '../until.ts'

const password = 'a walk in the early rain'

/** What an endless row of requests with a key has come to. */
interface Outcome {
  /** How many were let through of those that began before the act was acknowledged, and after. */
  early: number
  late: number
  /** How many were let through after one had been refused. */
  again: number
  refusals: Set<number>
}

test('over two processes no request with a key passes late, whatever has ended its right', async (t) => {
  const env = {
    DATABASE_URL: await scratchDatabase(t),
    JWT_SECRET: 'what the two processes sign their tokens with',
    BCRYPT_COST: '4',
    RATE_LIMIT_DEFAULT: '100000'
  }
  const first = await startServer(t, { env })
  const second = await startServer(t, { env })
  const call = (url: string, operation: string, token: string, json?: object) => {
    const [method = '', path = ''] = operation.split(' ')
    return fetch(url + path, {
      method,
      headers: {
        'if-match': '*',
        ...(token && { authorization: `Bearer ${token}` }),
        ...(json && { 'content-type': 'application/json' })
      },
      ...(json && { body: JSON.stringify(json) })
    })
  }
  const login = async (username: string, password: string) => {
    const answer = await call(first.url, 'POST /login', '', { username, password })
    return ((await answer.json()) as { access_token: string }).access_token
  }
  const admin = await login('admin', 'password123')

  /** An administrator of his own for each act, with a key. */
  const makeOwner = async (username: string) => {
    const made = await call(first.url, 'POST /users', admin, { username, password, role: 'admin' })
    const token = await login(username, password)
    const key = await call(first.url, 'POST /me/keys', token, { name: 'Load', permissions: ['users:read'] })
    return {
      ...((await made.json()) as { id: number }),
      key: (await key.json()) as { id: string; key: string }
    }
  }

  const acts: Record<string, (owner: { id: number; key: { id: string } }) => Promise<Response>> = {
    demotion: ({ id }) => call(first.url, `PATCH /users/${id}`, admin, { role: 'user' }),
    disabling: ({ id }) => call(first.url, `PATCH /users/${id}`, admin, { status: 'disabled' }),
    deletion: ({ id }) => call(first.url, `DELETE /users/${id}`, admin),
    revocation: ({ id, key }) => call(first.url, `DELETE /users/${id}/keys/${key.id}`, admin)
  }

  for (const [name, act] of Object.entries(acts)) {
    const owner = await makeOwner(name)
    let acknowledged = false
    let over = false
    const outcomes: Outcome[] = []
    /** Asks one process again and again, until all is over. */
    const ask = async (url: string) => {
      const outcome: Outcome = { early: 0, late: 0, again: 0, refusals: new Set() }
      outcomes.push(outcome)
      while (!over) {
        const began = acknowledged
        const { status } = await call(url, 'GET /users', owner.key.key)
        if (status !== 200) outcome.refusals.add(status)
        else if (outcome.refusals.size > 0) outcome.again++
        else outcome[began ? 'late' : 'early']++
      }
    }
    const urls = [first.url, first.url, first.url, second.url, second.url, second.url]
    const asking = Promise.all(urls.map(ask))
    await until(() => outcomes.every(({ early }) => early > 10))
    t.ok((await act(owner)).ok, name)
    acknowledged = true
    await until(() => outcomes.every(({ refusals }) => refusals.size > 0))
    over = true
    await asking
    t.same(
      outcomes.slice(0, 3).map(({ late }) => late),
      [0, 0, 0],
      `${name}: none late at the process that acknowledged it`
    )
    const refused = name === 'demotion' ? 403 : 401
    for (const { again, refusals } of outcomes) {
      t.same([...refusals], [refused])
      t.equal(again, 0, `${name}: and who is refused once, is so for good`)
    }
  }
})
