import type { Test } from 'tap'
import { until } from '../../until.ts'
import type { Three } from './start.ts'

export async function settings(t: Test, { first, second, third, call, admin: token }: Three) {
  let calls = 0
  const change = async (name: string, value: unknown) => {
    const answer = await call(first, `PATCH /settings/${name}`, { token, json: { value } })
    t.equal(answer.status, 200, name)
  }
  /** Waits until each process answers so. Each call comes from another address: no limit is met. */
  const everywhere = (status: number, operation: string, options: Parameters<typeof call>[2] = {}) =>
    until(async () => {
      const from = { 'x-forwarded-for': `10.1.${++calls >> 8}.${calls & 255}`, ...options.headers }
      const ask = (server: { url: string }) => call(server, operation, { ...options, headers: from })
      const answers = await Promise.all([first, second, third].map(ask))
      return answers.every((answer) => answer.status === status)
    })
  const blocked = { headers: { 'x-forwarded-for': '203.0.113.7' } }

  await everywhere(200, 'GET /health/live', blocked)
  await change('blocked_networks', ['203.0.113.0/24'])
  await everywhere(403, 'GET /health/live', blocked)
  await change('blocked_networks', null)
  await everywhere(200, 'GET /health/live', blocked)

  await change('read_only', true)
  await everywhere(503, 'POST /users', { token, json: {} })
  await change('read_only', false)
  await everywhere(400, 'POST /users', { token, json: {} })

  await change('registration', 'closed')
  await everywhere(403, 'POST /register', { json: { username: 'ada', password: 'a walk in the rain' } })
}
