import { test } from 'tap'
import { analytics } from './processes/analytics.ts'
import { keys } from './processes/keys.ts'
import { living } from './processes/living.ts'
import { once } from './processes/once.ts'
import { settings } from './processes/settings.ts'
import { startThree } from './processes/start.ts'

// One after another, as each process takes seconds to start; the last two end them.
test('three processes on one database are one service', async (t) => {
  const service = await startThree(t)
  await t.test('a setting that is changed on one is in force on all', (t) => settings(t, service))
  await t.test('no request with a key passes late, whatever has ended its right', (t) => keys(t, service))
  const added = await analytics(t, service)
  await t.test('a request with an Idempotency-Key is done once, and answered alike', (t) => once(t, service))
  await t.test('GET /system lists those that live', (t) => living(t, service))
  await t.test('what they have answered is summed up exactly, as Prometheus has it too', added)
})
