import { setImmediate } from 'node:timers/promises'
import { test } from 'tap'
import { startServer } from '../process.ts'

interface Pair {
  access_token: string
  refresh_token: string
}

interface Call {
  method?: string
  token?: string
  headers?: Record<string, string>
  json?: unknown
}

/** Calls of one started server, over real connections. */
const client = (url: string) => {
  const call = (path: string, { method = 'GET', token, headers, json }: Call = {}) =>
    fetch(url + path, {
      method,
      headers: {
        ...headers,
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(json !== undefined && { 'content-type': 'application/json' })
      },
      ...(json !== undefined && { body: JSON.stringify(json) })
    })
  const login = async (username: string, password = 'password123') =>
    (await (await call('/login', { method: 'POST', json: { username, password } })).json()) as Pair
  return { call, login }
}

const times = <T>(count: number, work: (index: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, index) => work(index)))

const codes = (answers: Response[]) => answers.map(({ status }) => status).sort((a, b) => a - b)

test('races over HTTP against the started server', async (t) => {
  const server = await startServer(t, {
    env: {
      BCRYPT_COST: '4',
      RATE_LIMIT_DEFAULT: '100000',
      DATABASE_URL: 'file:./races.db'
    }
  })
  const { call, login } = client(server.url)
  const admin = await login('admin')

  await t.test('of 200 calls at once exactly three pass the limit of three', async (t) => {
    const answers = await times(200, () => call('/rate-limited'))
    t.same(codes(answers), [200, 200, 200, ...Array<number>(197).fill(429)])
    for (const answer of answers) {
      t.match(answer.headers.get('ratelimit-limit'), '3')
      if (answer.status === 429) t.match(answer.headers.get('retry-after'), /^\d+$/)
    }
  })

  await t.test('the limit of a role follows the account over its tokens', async (t) => {
    const tokens = [await login('user'), await login('user')].map(({ access_token }) => access_token)
    const answers = await times(100, (index) => call('/api/data', { token: tokens[index % 2] ?? '' }))
    t.same(codes(answers), [...Array<number>(10).fill(200), ...Array<number>(90).fill(429)])
  })

  await t.test('fifty refreshes at once give one successor, which works', async (t) => {
    const { refresh_token } = await login('user')
    const answers = await times(50, () => call('/refresh', { method: 'POST', token: refresh_token }))
    t.same(codes(answers), Array<number>(50).fill(200))
    const pairs = (await Promise.all(answers.map((answer) => answer.json()))) as Pair[]
    t.equal(new Set(pairs.map((pair) => pair.refresh_token)).size, 1)
    t.equal((await call('/refresh', { method: 'POST', token: pairs[0]?.refresh_token ?? '' })).status, 200)
  })

  await t.test('twenty creations of one name make one account', async (t) => {
    const json = { username: 'racer', password: 'a walk in the rain', role: 'user' }
    const answers = await times(20, () => call('/users', { method: 'POST', token: admin.access_token, json }))
    t.same(codes(answers), [201, ...Array<number>(19).fill(409)])
  })

  await t.test('of five password changes one is acknowledged, and its password works', async (t) => {
    const { access_token: token } = await login('racer', 'a walk in the rain')
    const passwords = Array.from({ length: 5 }, (_, index) => `the new password number ${index}`)
    const answers = await times(5, (index) =>
      call('/me/password', {
        method: 'PUT',
        token,
        json: { current_password: 'a walk in the rain', new_password: passwords[index] }
      })
    )
    t.same(codes(answers), [204, 403, 403, 403, 403])
    const winner = passwords[answers.findIndex(({ status }) => status === 204)] ?? ''
    t.match(await login('racer', winner), { access_token: String })
  })

  await t.test(
    'after a demotion was acknowledged nothing that starts is served as an administrator',
    async (t) => {
      const json = { username: 'deputy', password: 'a walk in the rain', role: 'admin' }
      const made = await call('/users', { method: 'POST', token: admin.access_token, json })
      const { id } = (await made.json()) as { id: number }
      const { access_token: token } = await login('deputy', 'a walk in the rain')
      let acknowledged = false
      const early: number[] = []
      const late: number[] = []
      const hammer = async () => {
        while (late.length < 40) {
          const outcomes = acknowledged ? late : early
          outcomes.push((await call('/admin', { token })).status)
        }
      }
      const demote = async () => {
        const headers = { 'if-match': '*' }
        const answer = await call(`/users/${id}`, {
          method: 'PATCH',
          token: admin.access_token,
          headers,
          json: { role: 'user' }
        })
        t.equal(answer.status, 200)
        acknowledged = true
      }
      // The first ones are served before anybody is demoted.
      const hammers = [hammer(), hammer()]
      while (early.length < 10) await setImmediate()
      await Promise.all([...hammers, demote()])
      t.ok(early.includes(200), 'some were served before')
      t.same(new Set(late), new Set([403]), 'and none that started after')
    }
  )

  await t.test('two administrators who remove each other leave one', async (t) => {
    const json = { username: 'rival', password: 'a walk in the rain', role: 'admin' }
    const made = await call('/users', { method: 'POST', token: admin.access_token, json })
    const { id } = (await made.json()) as { id: number }
    const rival = await login('rival', 'a walk in the rain')
    const headers = { 'if-match': '*' }
    const answers = await Promise.all([
      call(`/users/${id}`, { method: 'DELETE', token: admin.access_token, headers }),
      call('/users/1', { method: 'DELETE', token: rival.access_token, headers })
    ])
    t.ok(answers.some(({ status }) => status === 204))
    t.ok(
      answers.some(({ status }) => [401, 409].includes(status)),
      'the other came too late, or is the last'
    )
    const panels = await Promise.all(
      [admin, rival].map(({ access_token: token }) => call('/admin', { token }))
    )
    t.same(codes(panels), [200, 401])
  })

  await t.test('when nobody reads its log any more it goes on, and ends when it is told to', async (t) => {
    server.child.stdout?.destroy()
    for (let request = 0; request < 20; request++) t.equal((await call('/health/live')).status, 200)
    t.same(await server.stop(), { code: 0, signal: null })
  })
})
