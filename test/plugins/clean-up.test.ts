import { mock } from 'node:test'
import { test } from 'tap'
import { build } from '../helper.ts'
import { until } from '../until.ts'

test('what has expired is deleted every ten minutes, also after a run that failed', async (t) => {
  const { timers } = mock
  timers.enable({ apis: ['setInterval'] })
  t.teardown(() => timers.reset())
  const { app, db, session } = await build(t)
  const expired = await session('user')
  const live = await session('user')
  await db
    .updateTable('sessions')
    .set({ expires_at: '2026-01-01T00:00:00.000Z' })
    .where('id', '=', expired.sessionId)
    .execute()
  const sessions = async () => (await db.selectFrom('sessions').select('id').execute()).map(({ id }) => id)

  timers.tick(599_999)
  // Writes take turns: this one would come after a clean-up.
  await session('user')
  t.equal((await sessions()).length, 3)
  const warnings = t.capture(app.log, 'warn')
  let warned = warnings()
  await db.schema.alterTable('audit').renameTo('elsewhere').execute()
  timers.tick(1)
  await until(() => (warned = warnings()).length > 0)
  t.match(warned, [{ args: [{ err: { message: /audit/ } }, 'clean-up failed'] }])
  await db.schema.alterTable('elsewhere').renameTo('audit').execute()

  await session('user')
  const kept = (await sessions()).length
  await db
    .updateTable('sessions')
    .set({ expires_at: '2026-01-01T00:00:00.000Z' })
    .where('id', '!=', live.sessionId)
    .execute()
  timers.tick(600_000)
  await until(async () => (await sessions()).length < kept)
  t.same(await sessions(), [live.sessionId])
})
