import type { Test } from 'tap'
import { build } from '../../helper.ts'
import { startProxy } from '../../proxy.ts'
import { until } from '../../until.ts'
import type { Three } from './start.ts'

const password = 'a walk in the early rain'

export async function once(t: Test, { env, first, second, third, db, call, admin }: Three) {
  const create = (server: { url: string }, username: string) =>
    call(server, 'POST /users', {
      token: admin,
      headers: { 'idempotency-key': `"key of ${username}"` },
      json: { username, password, role: 'user' }
    })
  const stored = (username: string) =>
    db.selectFrom('users').select('id').where('username_key', '=', username).execute()

  await t.test('of fifty equal requests at once one makes the account, and all get its answer', async (t) => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => create(index % 2 ? first : second, 'fifty'))
    )
    const bodies = await Promise.all(answers.map((answer) => answer.text()))
    t.same([...new Set(answers.map(({ status }) => status))], [201])
    t.equal(new Set(bodies).size, 1, 'fifty equal bodies')
    const replayed = answers.filter(({ headers }) => headers.get('idempotency-replayed') === 'true')
    t.equal(replayed.length, 49)
    const [row, ...others] = await stored('fifty')
    t.same(others, [])
    const entries = db
      .selectFrom('audit')
      .select('id')
      .where('target', '=', `user:${row?.id ?? 0}`)
    t.equal((await entries.execute()).length, 1, 'one row, and one entry')
  })

  await t.test('a process killed between commit and answer: another one answers the retry', async (t) => {
    const proxy = await startProxy(t, third.url)
    proxy.deafen()
    const lost = create(proxy, 'killed').catch(() => 'lost')
    await until(async () => (await stored('killed')).length === 1)
    await third.stop('SIGKILL')
    t.equal(await lost, 'lost')

    const retried = await create(second, 'killed')
    t.equal(retried.status, 201)
    t.equal(retried.headers.get('idempotency-replayed'), 'true')
    const [row] = await stored('killed')
    t.equal(retried.headers.get('location'), `/users/${row?.id ?? 0}`)
    const { app } = await build(t, env)
    const again = await create({ url: await app.listen({ port: 0 }) }, 'killed')
    t.same(
      [again.status, await again.text()],
      [201, await retried.text()],
      'and so does one that starts later'
    )
    t.equal((await stored('killed')).length, 1)
    await app.close()
  })
}
