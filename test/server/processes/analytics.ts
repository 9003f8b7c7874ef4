import type { Test } from 'tap'
import type { Three } from './start.ts'

/** Asks two of them what nobody else asks; answers what holds the sums to that when both have stopped. */
export async function analytics(t: Test, { first, second, db, call, metrics }: Three) {
  const times = async (count: number, server: { url: string }, path: string, status: number) => {
    for (let number = 0; number < count; number++) t.equal((await call(server, `GET ${path}`)).status, status)
  }
  await times(40, first, '/health/ready', 200)
  await times(25, second, '/health/ready', 200)
  await times(7, first, '/me', 401)
  await times(4, second, '/me', 401)
  await times(3, second, '/nothing/here', 404)
  const text = await (await fetch(`${metrics}/metrics`)).text()
  const histogram = (route: string, status: number) => {
    const labels = `duration_seconds_count{method="GET",route="${route}",status="${status}"} `
    const line = text.split('\n').find((line) => line.includes(labels))
    return Number(line?.split(' ').at(-1))
  }
  t.same([histogram('/health/ready', 200), histogram('/me', 401)], [40, 7])

  return async (t: Test) => {
    for (const grain of ['minute', 'hour', 'day']) {
      const rows = await db
        .selectFrom('traffic')
        .select(['route', 'outcome'])
        .select(({ fn }) => fn.sum('count').as('count'))
        .where('grain', '=', grain)
        .groupBy(['route', 'outcome'])
        .execute()
      const counts = new Map(rows.map(({ route, outcome, count }) => [`${route} ${outcome}`, Number(count)]))
      t.equal(counts.get('/health/ready ok'), 65)
      t.equal(counts.get('/me auth'), 11)
      t.equal(counts.get('unknown client'), 3)
      for (const outcome of ['ok', 'auth', 'client']) {
        const routes = rows.filter((row) => row.outcome === outcome && row.route !== '*')
        const sum = routes.reduce((total, { count }) => total + Number(count), 0)
        t.equal(counts.get(`* ${outcome}`), sum, `all routes: ${outcome}`)
      }
    }
  }
}
