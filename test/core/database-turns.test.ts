import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely'
import { test } from 'tap'
import { inTime } from '../../core/database/in-time.ts'
import { openDatabase } from '../../core/database/open.ts'
import { persist } from '../../core/database/persist.ts'
import { share } from '../../core/database/share.ts'
import { takeTurn } from '../../core/database/turns.ts'
import { whenReachable } from '../../core/database/wait.ts'
import type { Database } from '../../schemas/database.ts'
import { fakeClocks } from '../clock.ts'
import { turnOver } from '../until.ts'

const failed = (code: string) => Object.assign(new Error(code), { code })
const soon = () => performance.now() + 60_000

test('a promise comes in time, or too late, or fails as it does, and leaves no timer', async (t) => {
  const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
  const before = timers()
  t.equal(await inTime(Promise.resolve('x'), soon()), true)
  await t.rejects(inTime(Promise.reject(new Error('broken')), soon()), { message: 'broken' })
  await turnOver()
  t.ok(timers() <= before)
  t.equal(await inTime(new Promise(() => undefined), performance.now() + 5), false)
  t.equal(await inTime(new Promise(() => undefined), performance.now() - 5), false)
})

test('whoever asks while work runs shares the next run with all who do', async (t) => {
  const runs: { resolve: () => void; reject: (error: Error) => void }[] = []
  const ask = share(() => {
    const { promise, resolve, reject } = Promise.withResolvers<undefined>()
    runs.push({ resolve: () => resolve(undefined), reject })
    return promise
  })
  const first = ask()
  t.equal(ask(), first, 'it has not begun yet')
  await turnOver()
  t.equal(runs.length, 1)
  const second = ask()
  t.not(second, first)
  t.equal(ask(), second)
  await turnOver()
  t.equal(runs.length, 1, 'one after the other')
  runs[0]?.resolve()
  await first
  await turnOver()
  t.equal(runs.length, 2)
  runs[1]?.reject(new Error('broken'))
  await t.rejects(second, { message: 'broken' })
  await t.rejects(ask(), { message: 'broken' }, 'and for all who ask from then on')
  t.equal(runs.length, 2)
})

test('a write is tried until nobody is in the way, or its time is over', async (t) => {
  const clocks = fakeClocks(t)
  const deadline = performance.now() + 1_000
  let tries = 0
  const busyFor = (times: number) => async () => {
    if (++tries <= times) throw failed('SQLITE_BUSY')
    return tries
  }
  t.equal(await persist(busyFor(2), deadline), 3)
  tries = 0
  await t.rejects(
    persist(async () => {
      clocks.pass(500)
      return busyFor(9)()
    }, deadline),
    { code: 'DATABASE_BUSY', cause: { code: 'SQLITE_BUSY' } }
  )
  t.equal(tries, 2)
  await t.rejects(persist(busyFor(0), deadline), { code: 'DATABASE_BUSY' })
  t.equal(tries, 2, 'at the deadline it is not tried any more')
  tries = 0
  const fail = (error: Error) =>
    persist(async () => {
      tries++
      throw error
    }, deadline + 1_000)
  await t.rejects(fail(failed('SQLITE_FULL')), { code: 'STORAGE_FULL' })
  await t.rejects(fail(new Error('a mistake')), { message: 'a mistake' })
  t.equal(tries, 2, 'each once')
})

test('writes of one database take turns, also after one that failed, and those of another do not wait', async (t) => {
  const [one, other] = [openDatabase(':memory:'), openDatabase(':memory:')]
  t.teardown(() => Promise.all([one.destroy(), other.destroy()]))
  const order: string[] = []
  const { promise, reject } = Promise.withResolvers<undefined>()
  const hanging = takeTurn(one, () => promise, soon())
  const next = takeTurn(one, async () => order.push('next'), soon())
  await takeTurn(other, async () => order.push('other'), soon())
  await turnOver()
  t.same(order, ['other'])
  reject(new Error('broken'))
  await t.rejects(hanging, { message: 'broken' })
  await next
  t.same(order, ['other', 'next'])
})

/** A database that fails so, one time after the other, and then answers. */
function failing(...failures: Error[]) {
  class Driver extends DummyDriver {
    override async acquireConnection() {
      const failure = failures.shift()
      if (failure) throw failure
      return super.acquireConnection()
    }
  }
  return new Kysely<Database>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new Driver(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler()
    }
  })
}

test('a database that comes late is waited for, and nothing that waiting does not mend', async (t) => {
  const told: string[] = []
  const tell = (reason: string) => told.push(reason)
  await whenReachable(failing(failed('ECONNREFUSED')), tell)
  await whenReachable(failing(failed('55P03')), tell, 20)
  t.same(told.splice(0), ['ECONNREFUSED', '55P03'])
  await t.rejects(whenReachable(failing(failed('3D000')), tell), { code: '3D000' })
  await t.rejects(whenReachable(failing(failed('SQLITE_FULL')), tell), { code: 'SQLITE_FULL' })
  await t.rejects(whenReachable(failing(failed('ECONNREFUSED')), tell, 0), { code: 'ECONNREFUSED' })
  t.same(told, [])
  const gone = Array.from({ length: 9 }, () => failed('ECONNREFUSED'))
  await t.rejects(whenReachable(failing(...gone), tell, 20), { code: 'ECONNREFUSED' })
  t.ok(told.length > 0 && told.length < 5, `${told.length} tries`)
})
