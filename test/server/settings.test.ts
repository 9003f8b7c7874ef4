import { test } from 'tap'
import { scratchDatabase } from '../database.ts'
import { startServer } from '../process.ts'
import { until } from '../until.ts'

test('a setting that is changed on one of three processes is in force on all', async (t) => {
  const env = {
    DATABASE_URL: await scratchDatabase(t),
    JWT_SECRET: 'what the three processes sign their tokens with',
    BCRYPT_COST: '4',
    TRUST_PROXY: '127.0.0.1/32'
  }
  // The first migrates; on SQLite the others would wait for it longer than they may.
  const first = await startServer(t, { env })
  const servers = [first, ...(await Promise.all([1, 2].map(() => startServer(t, { env }))))]
  let calls = 0
  /** Each call comes from another address, unless that is said: what is asked for again and again meets no limit. */
  const call = (
    { url }: typeof first,
    path: string,
    method = 'GET',
    json?: unknown,
    headers: Record<string, string> = {}
  ) =>
    fetch(url + path, {
      method,
      headers: {
        'x-forwarded-for': `10.1.${++calls >> 8}.${calls & 255}`,
        ...headers,
        ...(json !== undefined && { 'content-type': 'application/json' })
      },
      ...(json !== undefined && { body: JSON.stringify(json) })
    })
  const login = await call(first, '/login', 'POST', { username: 'admin', password: 'password123' })
  const { access_token } = (await login.json()) as { access_token: string }
  const authorization = `Bearer ${access_token}`
  const change = async (name: string, value: unknown) => {
    const headers = { authorization, 'if-match': '*' }
    const answer = await call(first, `/settings/${name}`, 'PATCH', { value }, headers)
    t.equal(answer.status, 200, name)
  }
  /** Waits until each process answers so. */
  const everywhere = (status: number, path: string, ...rest: [string, unknown, Record<string, string>?]) =>
    until(async () => {
      const answers = await Promise.all(servers.map((server) => call(server, path, ...rest)))
      return answers.every((answer) => answer.status === status)
    })
  const addressed = { 'x-forwarded-for': '203.0.113.7' }

  await everywhere(200, '/health/live', 'GET', undefined, addressed)
  await change('blocked_networks', ['203.0.113.0/24'])
  await everywhere(403, '/health/live', 'GET', undefined, addressed)
  await change('blocked_networks', null)
  await everywhere(200, '/health/live', 'GET', undefined, addressed)

  await change('read_only', true)
  await everywhere(503, '/users', 'POST', {}, { authorization })
  await change('read_only', false)
  await everywhere(400, '/users', 'POST', {}, { authorization })

  await change('registration', 'closed')
  await everywhere(403, '/register', 'POST', { username: 'ada', password: 'a walk in the rain' })
})
