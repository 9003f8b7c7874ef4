import { test } from 'tap'
import { openDatabase } from '../../core/database/open.ts'
import { scratchDatabase } from '../database.ts'
import { freePort, startServer } from '../process.ts'

test('what two processes have answered is summed up exactly, as Prometheus has it too', async (t) => {
  const DATABASE_URL = await scratchDatabase(t)
  const METRICS_PORT = String(await freePort())
  const env = { DATABASE_URL, JWT_SECRET: 'what both processes sign their tokens with', ANALYTICS: 'on' }
  const first = await startServer(t, { env: { ...env, METRICS_PORT } })
  const second = await startServer(t, { env })
  const times = async (count: number, url: string, status: number) => {
    for (let call = 0; call < count; call++) t.equal((await fetch(url)).status, status)
  }
  await times(40, `${first.url}/health/live`, 200)
  await times(25, `${second.url}/health/live`, 200)
  await times(7, `${first.url}/users`, 401)
  await times(4, `${second.url}/users`, 401)
  await times(3, `${second.url}/nothing/here`, 404)
  const metrics = await (await fetch(`http://127.0.0.1:${METRICS_PORT}/metrics`)).text()
  const histogram = (route: string, status: number) => {
    const line = metrics
      .split('\n')
      .find(
        (text) =>
          text.includes('duration_seconds_count') &&
          text.includes(`"${route}"`) &&
          text.includes(`"${status}"`)
      )
    return Number(line?.split(' ').at(-1))
  }
  t.same([histogram('/health/live', 200), histogram('/users', 401)], [40, 7])

  // Stopping writes what was counted.
  await Promise.all([first.stop(), second.stop()])
  const db = openDatabase(DATABASE_URL)
  t.teardown(() => db.destroy())
  for (const grain of ['minute', 'hour', 'day']) {
    const rows = await db
      .selectFrom('traffic')
      .select(['route', 'outcome'])
      .select(({ fn }) => fn.sum('count').as('count'))
      .where('grain', '=', grain)
      .groupBy(['route', 'outcome'])
      .execute()
    t.same(
      Object.fromEntries(rows.map(({ route, outcome, count }) => [`${route} ${outcome}`, Number(count)])),
      {
        '/health/live ok': 65,
        '/users auth': 11,
        'unknown client': 3,
        '* ok': 65,
        '* auth': 11,
        '* client': 3
      },
      grain
    )
  }
})
