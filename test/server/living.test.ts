import { test } from 'tap'
import { openDatabase } from '../../core/database/open.ts'
import { cleanUp } from '../../core/retention/clean-up.ts'
import { listInstances, livesFor } from '../../core/system/instances.ts'
import { scratchDatabase } from '../database.ts'
import { startServer } from '../process.ts'
import { until } from '../until.ts'

test('GET /system lists the processes that serve on the database: one that stops goes at once, one that is killed in a minute', async (t) => {
  const DATABASE_URL = await scratchDatabase(t)
  const env = { DATABASE_URL, JWT_SECRET: 'what all processes sign their tokens with', BCRYPT_COST: '4' }
  const [first, second, third] = [
    await startServer(t, { env }),
    await startServer(t, { env }),
    await startServer(t, { env })
  ]
  const login = await fetch(`${first.url}/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'admin', password: 'password123' })
  })
  const { access_token } = (await login.json()) as { access_token: string }
  const listed = async () => {
    const answer = await fetch(`${first.url}/system`, {
      headers: { authorization: `Bearer ${access_token}` }
    })
    const { instances } = (await answer.json()) as { instances: { process_id: number; version: string }[] }
    return instances.map(({ process_id }) => process_id)
  }
  const pids = [first, second, third].map(({ child }) => child.pid)
  await until(async () => (await listed()).length === 3)
  t.same(await listed(), pids, 'the oldest first')

  await second.stop()
  t.same(await listed(), [first.child.pid, third.child.pid])
  await third.stop('SIGKILL')
  t.same(await listed(), [first.child.pid, third.child.pid], 'nobody knows yet')
  await first.stop()

  const db = openDatabase(DATABASE_URL)
  t.teardown(() => db.destroy())
  const [killed, ...others] = await listInstances(db)
  t.match(killed, { process_id: third.child.pid, version: /^\d/ })
  t.same(others, [])
  const later = Date.parse(killed?.seen_at ?? '') + livesFor
  t.equal((await listInstances(db, later - 1)).length, 1)
  t.same(await listInstances(db, later), [])
  t.match(await cleanUp(db, { AUDIT_RETENTION_DAYS: 365 }, later), { instances: 1 }, 'its row goes too')
})
