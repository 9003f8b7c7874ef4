import type { Test } from 'tap'
import { cleanUp } from '../../../core/retention/clean-up.ts'
import { listInstances, livesFor } from '../../../core/system/instances.ts'
import type { Three } from './start.ts'

/** One that stops goes at once, one that was killed in a minute. */
export async function living(t: Test, { first, second, third, db, call, admin: token }: Three) {
  const listed = async () => {
    const answer = await call(first, 'GET /system', { token })
    const { instances } = (await answer.json()) as { instances: { process_id: number; version: string }[] }
    return instances.map(({ process_id }) => process_id)
  }
  t.equal(third.child.signalCode, 'SIGKILL')
  const pids = [first, second, third].map(({ child }) => child.pid)
  t.same(await listed(), pids, 'the oldest first, and of the killed one nobody knows yet')
  t.same(await second.stop(), { code: 0, signal: null })
  t.same(await listed(), [first.child.pid, third.child.pid])
  t.same(await first.stop(), { code: 0, signal: null })

  const [killed, ...others] = await listInstances(db)
  t.match(killed, { process_id: third.child.pid, version: /^\d/ })
  t.same(others, [])
  const later = Date.parse(killed?.seen_at ?? '') + livesFor
  t.equal((await listInstances(db, later - 1)).length, 1)
  t.same(await listInstances(db, later), [])
  t.match(await cleanUp(db, { AUDIT_RETENTION_DAYS: 365 }, later), { instances: 1 }, 'its row goes too')
}
