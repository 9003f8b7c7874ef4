import type { Test } from 'tap'
import { until } from '../../until.ts'
import type { Three } from './start.ts'

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

export async function keys(t: Test, { first, second, call, login, admin }: Three) {
  /** An administrator of his own for each act, with a key. */
  const makeOwner = async (username: string) => {
    const json = { username, password, role: 'admin' }
    const made = await call(first, 'POST /users', { token: admin, json })
    const token = await login(username, password)
    const key = await call(first, 'POST /me/keys', {
      token,
      json: { name: 'Load', permissions: ['users:read'] }
    })
    return {
      ...((await made.json()) as { id: number }),
      key: (await key.json()) as { id: string; key: string }
    }
  }

  const asAdmin = (operation: string, json?: object) => call(first, operation, { token: admin, json })
  const acts: Record<string, (owner: { id: number; key: { id: string } }) => Promise<Response>> = {
    demotion: ({ id }) => asAdmin(`PATCH /users/${id}`, { role: 'user' }),
    disabling: ({ id }) => asAdmin(`PATCH /users/${id}`, { status: 'disabled' }),
    deletion: ({ id }) => asAdmin(`DELETE /users/${id}`),
    revocation: ({ id, key }) => asAdmin(`DELETE /users/${id}/keys/${key.id}`)
  }

  for (const [name, act] of Object.entries(acts)) {
    const owner = await makeOwner(name)
    let acknowledged = false
    let over = false
    const outcomes: Outcome[] = []
    /** Asks one process again and again, until all is over. */
    const ask = async (server: { url: string }) => {
      const outcome: Outcome = { early: 0, late: 0, again: 0, refusals: new Set() }
      outcomes.push(outcome)
      while (!over) {
        const began = acknowledged
        const { status } = await call(server, 'GET /users', { token: owner.key.key })
        if (status !== 200) outcome.refusals.add(status)
        else if (outcome.refusals.size > 0) outcome.again++
        else outcome[began ? 'late' : 'early']++
      }
    }
    const asking = Promise.all([first, first, first, second, second, second].map(ask))
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
}
