import { sql } from 'kysely'
import { test } from 'tap'
import { cleanUp } from '../../core/retention/clean-up.ts'
import { enrol } from '../authenticator.ts'
import { fakeClocks } from '../clock.ts'
import { build } from '../helper.ts'
import { withPasskeys } from '../passkeys/service.ts'
import { codeAt } from '../totp.ts'

type Column = (number | null)[]

interface Series {
  grain: string
  at: string[]
  series: Record<string, Column>
}

const counted = { ANALYTICS: 'on' }
const known = (column: Column | undefined) => (column ?? []).filter((value) => value !== null)

test('what is answered is counted by route, outcome and event; nothing else is kept of it', async (t) => {
  fakeClocks(t)
  const { app, db, as } = await build(t, counted)
  const [admin, user] = [await as('admin'), await as('user')]
  const login = (password: string) =>
    app.inject({ method: 'POST', url: '/login', payload: { username: 'user', password } })
  for (let call = 0; call < 3; call++) await app.inject({ url: '/protected', headers: user })
  await app.inject('/protected')
  await app.inject({ url: '/admin', headers: user })
  for (let call = 0; call < 5; call++) await app.inject('/rate-limited')
  for (let call = 0; call < 4; call++) await app.inject(`/nowhere/${call}`)
  await app.inject('/documentation/')
  await app.inject('/cached-data')
  await app.inject('/cached-data')
  await login('password123')
  await login('not the password')
  await app.inject({ url: '/users/999', headers: admin })
  await app.analytics?.flush()

  const read = async <T>(path: string) => {
    const answer = await app.inject({ url: `/analytics/${path}`, headers: admin })
    t.equal(answer.statusCode, 200, path)
    return answer.json<T>()
  }
  const { routes } = await read<{ routes: Record<string, unknown>[] }>('routes')
  const totals = (route: string, method = 'GET') =>
    routes.find((entry) => entry['route'] === route && entry['method'] === method)
  t.match(totals('/protected'), { ok: 3, auth: 1, error: 0 })
  t.match(totals('/admin'), { ok: 0, auth: 1 })
  t.match(totals('/rate-limited'), { ok: 3, limited: 2 })
  t.match(totals('unknown', '*'), { client: 4 })
  t.match(totals('/cached-data'), { ok: 1, cached: 1 })
  t.match(totals('/login', 'POST'), { ok: 1, auth: 1 })
  t.match(totals('/users/:id'), { client: 1 })
  t.match(totals('/documentation/*', '*'), { ok: 1 })

  const traffic = await read<Series>('traffic')
  t.equal(traffic.grain, 'minute')
  t.same(known(traffic.series['ok']), [9], 'all routes together')
  t.same(known(traffic.series['limited']), [2])
  t.same(known(traffic.series['error']), [0], 'none, where there was something')
  t.equal(traffic.at.length, traffic.series['p95_us']?.length)
  const one = await read<Series>('traffic?route=/protected&grain=hour')
  t.same([known(one.series['ok']), known(one.series['auth'])], [[3], [1]])

  const { series: events } = await read<Series>('events')
  const expected = {
    'sign_in.ok': 1,
    'sign_in.refused': 1,
    'cache.hit': 1,
    'cache.miss': 1,
    'limited.route': 2
  }
  t.same(
    Object.fromEntries(
      Object.entries(events).flatMap(([name, column]) => {
        const [sum] = known(column)
        return sum === undefined ? [] : [[name, sum]]
      })
    ),
    expected
  )

  await app.analytics?.measure()
  const actives = await read<Series>('actives')
  t.same(known(actives.series['accounts']), [2])
  const gauges = await read<Series>('gauges')
  t.same([known(gauges.series['accounts']), known(gauges.series['sessions'])], [[2], [3]])
  const { callers } = await read<{ callers: { caller: string; count: number }[] }>('callers')
  t.equal(
    callers.reduce((sum, { count }) => sum + count, 0),
    32,
    'of 23 requests the first and the seventeenth were looked at'
  )
  const text = JSON.stringify(
    await Promise.all(
      ['traffic', 'callers'].map((table) =>
        db
          .selectFrom(table as 'traffic')
          .selectAll()
          .execute()
      )
    )
  )
  t.notMatch(text, /nowhere|999|127\.0\.0\.1/, 'no path, no id of a path, no address')
})

test('a sign-in with two steps counts once, when it ends', async (t) => {
  const clock = fakeClocks(t)
  const { app, db, owner, post, signIn } = await withPasskeys(t, counted)
  const { headers, authenticator } = await owner('user')
  const { secret } = await enrol(app, headers)
  const begin = async () =>
    (await post('/login', { username: 'user', password: 'password123' })).json<{ challenge: string }>()
      .challenge
  const counts = async () => {
    await app.analytics?.flush()
    // Of all days: midnight may come in between.
    const rows = await db
      .selectFrom('events')
      .select(({ fn }) => ['event', fn.sum<number | string>('count').as('count')])
      .where('grain', '=', 'day')
      .where('event', 'like', 'sign_in.%')
      .groupBy('event')
      .execute()
    return Object.fromEntries(rows.map(({ event, count }) => [event, Number(count)]))
  }
  const challenge = await begin()
  t.same(await counts(), {}, 'the password was right, and that is no end')
  await post('/login/verification', { challenge, code: '000000' })
  t.same(await counts(), { 'sign_in.refused': 1 })
  clock.pass(91_000)
  await post('/login/verification', { challenge, code: codeAt(secret) })
  t.same(await counts(), { 'sign_in.ok': 1, 'sign_in.refused': 1 })
  await post('/login/verification', { challenge, code: codeAt(secret) })
  t.same(await counts(), { 'sign_in.ok': 1, 'sign_in.refused': 2 }, 'a challenge that is over is a refusal')
  t.equal((await signIn(authenticator)).statusCode, 200)
  t.same(await counts(), { 'sign_in.ok': 2, 'sign_in.refused': 2 }, 'a passkey is both steps in one')
  t.equal((await signIn(authenticator, { isVerified: false })).statusCode, 401)
  t.same(await counts(), { 'sign_in.ok': 2, 'sign_in.refused': 3 })
})

test('a flush that fails is made up for, with nothing more kept meanwhile; one with nothing writes nothing', async (t) => {
  const { app, db } = await build(t, counted)
  const total = async () => {
    const rows = await db
      .selectFrom('traffic')
      .select('count')
      .where('route', '=', 'unknown')
      .where('grain', '=', 'day')
      .execute()
    return rows.reduce((sum, { count }) => sum + count, 0)
  }
  await sql`alter table traffic rename to away`.execute(db)
  for (let round = 0; round < 3; round++) {
    for (let call = 0; call < 5; call++) await app.inject(`/nowhere/${round}/${call}`)
    await t.rejects(app.analytics?.flush() ?? Promise.resolve())
  }
  await sql`alter table away rename to traffic`.execute(db)
  await app.analytics?.flush()
  t.equal(await total(), 15)
  await app.analytics?.flush()
  t.equal(await total(), 15)
  await app.inject('/nowhere')
  await app.analytics?.flush()
  t.equal(await total(), 16, 'sums are added to')
})

test('what is too old goes: minutes, hours and days each after their time, and who was active', async (t) => {
  const { app, db } = await build(t, counted)
  await app.inject('/protected')
  await app.analytics?.flush()
  await db.insertInto('actives').values({ day: new Date().toISOString(), user_id: 1 }).execute()
  await db
    .insertInto('callers')
    .values({ hour: new Date().toISOString(), caller: 'account:1', count: 16, limited: 0 })
    .execute()
  await app.analytics?.measure()
  const left = async (days: number) => {
    await cleanUp(db, { AUDIT_RETENTION_DAYS: 365 }, Date.now() + days * 86_400_000)
    const grains = await db.selectFrom('traffic').select('grain').distinct().orderBy('grain').execute()
    const [caller, active] = await Promise.all([
      db.selectFrom('callers').select('caller').execute(),
      db.selectFrom('actives').select('user_id').execute()
    ])
    return [grains.map(({ grain }) => grain).join(), caller.length > 0, active.length > 0]
  }
  t.same(await left(1), ['day,hour,minute', true, true])
  t.same(await left(3), ['day,hour', true, true])
  t.same(await left(31.5), ['day,hour', false, false])
  t.same(await left(402), ['', false, false])
})

test('of the callers of an hour the busiest are kept', async (t) => {
  const { app, db } = await build(t, counted)
  const hour = new Date(Math.floor(Date.now() / 3_600_000 - 1) * 3_600_000).toISOString()
  const rows = Array.from({ length: 60 }, (_, index) => ({
    hour,
    caller: `account:${index}`,
    count: 16 * (index + 1),
    limited: 0
  }))
  await db.insertInto('callers').values(rows).execute()
  await app.analytics?.measure()
  const left = await db.selectFrom('callers').select('count').where('hour', '=', hour).execute()
  t.equal(left.length, 50)
  t.equal(Math.min(...left.map(({ count }) => count)), 16 * 11)
})

test('a span that is too long, or ends before it begins, is refused', async (t) => {
  const { app, as } = await build(t)
  const headers = await as('admin')
  const queries = [
    'traffic?from=2026-01-01T00:00:00Z&until=2026-01-31T00:00:00Z&grain=minute',
    'traffic?from=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z',
    'routes?from=2020-01-01T00:00:00Z&until=2026-01-01T00:00:00Z',
    'callers?from=2026-01-01T00:00:00Z&until=2026-01-31T00:00:00Z',
    'events?until=0001-01-01T00:00:00Z'
  ]
  for (const query of queries) {
    const answer = await app.inject({ url: `/analytics/${query}`, headers })
    t.match(answer.json(), { status: 400, code: 'SPAN_REFUSED' }, query)
  }
  const empty = await app.inject({ url: '/analytics/traffic', headers })
  const { at, series } = empty.json<Series>()
  t.same(
    series['ok'],
    at.map(() => null),
    'where nothing is known nothing is said'
  )
})
