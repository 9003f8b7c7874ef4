import { test } from 'tap'
import { countAccounts } from '../../core/accounts/count.ts'
import { userLister } from '../../core/accounts/list.ts'
import { listAudit } from '../../core/audit/list.ts'
import { migrateUp } from '../../core/database/migrator.ts'
import { openDatabase } from '../../core/database/open.ts'
import { listSessions } from '../../core/sessions/session-queries.ts'
import { postgresServer, scratchDatabase } from '../database.ts'

/** More accounts than one statement looks through, in any order; the names are in another order than the ids. */
const accounts = Array.from({ length: 10_500 }, (_, index) => ({
  username: `${index % 3 ? 'ada' : 'bob'}-${(index * 7_919) % 10_500}`,
  role: index % 4_000 ? 'user' : 'admin',
  status: index % 3_000 ? ('active' as const) : ('disabled' as const)
}))
const now = Date.parse('2026-01-31T09:30:00Z')
const instant = (seconds: number) => new Date(now + seconds * 1_000).toISOString()

const entries = Array.from({ length: 5_000 }, (_, index) => ({
  at: instant(index - (index % 7)),
  actor_id: null,
  actor: index % 2 ? 'ada' : 'bob',
  action: index % 1_000 ? 'user.update' : 'role.update',
  target: index % 900 ? 'user:1' : 'user:2',
  address: '192.0.2.1',
  request_id: `r-${index}`,
  changes: '[]'
}))

/** Adds rows, as many at once as a statement takes. */
async function fill<T>(rows: T[], insert: (rows: T[]) => { execute(): Promise<unknown> }) {
  for (let index = 0; index < rows.length; index += 1_000)
    await insert(rows.slice(index, index + 1_000)).execute()
}

/** Goes through a list to its end; answers what is on its pages. */
async function all<Row>(
  read: (cursor: string | undefined) => Promise<[Row[], string | null]>
): Promise<Row[]> {
  const found: Row[] = []
  let cursor: string | undefined
  for (;;) {
    const [rows, next] = await read(cursor)
    found.push(...rows)
    if (next === null) return found
    if (rows.length === 0) throw new Error('an empty page that is not the last')
    cursor = next
  }
}

const byName = (a: { username: string }, b: { username: string }) => (a.username < b.username ? -1 : 1)

test('lists of very many rows are read in parts, each of few rows, and say what is there', async (t) => {
  let statements = 0
  const observer = { query: () => statements++, queue: () => undefined }
  const db = openDatabase(await scratchDatabase(t), { observer, connections: 2 })
  t.teardown(() => db.destroy())
  await migrateUp(db)
  await fill(accounts, (rows) =>
    db.insertInto('users').values(
      rows.map((row) => ({
        ...row,
        username_key: row.username,
        password_hash: '',
        created_at: instant(0),
        updated_at: instant(0)
      }))
    )
  )
  await fill(entries, (rows) => db.insertInto('audit').values(rows))

  /** Runs something that takes several statements where SQLite would hold the event loop, and one elsewhere. */
  const inParts = async <T>(least: number, work: () => Promise<T>, what: string): Promise<T> => {
    statements = 0
    const answer = await work()
    if (postgresServer === undefined) t.ok(statements >= least, `${what}: in ${statements} statements`)
    else t.equal(statements, 1, what)
    return answer
  }

  await t.test('accounts, by each filter in each order', async (t) => {
    const list = userLister(db)
    for (const sort of ['id', 'username'] as const)
      for (const q of [undefined, 'ad', 'BOB-10', 'nobody'])
        for (const role of [undefined, 'user', 'admin'])
          for (const status of [undefined, 'active', 'disabled'] as const) {
            const query = {
              sort,
              ...(q !== undefined && { q }),
              ...(role !== undefined && { role }),
              ...(status !== undefined && { status })
            }
            const found = await all(async (cursor) => {
              const text = await list({ ...query, limit: 200, ...(cursor !== undefined && { cursor }) })
              const page = JSON.parse(text) as { users: { username: string }[]; next_cursor: string | null }
              return [page.users, page.next_cursor]
            })
            const expected = accounts.filter(
              (account) =>
                account.username.startsWith(q?.toLowerCase() ?? '') &&
                (role ?? account.role) === account.role &&
                (status ?? account.status) === account.status
            )
            if (sort === 'username') expected.sort(byName)
            t.same(
              found.map(({ username }) => username),
              expected.map(({ username }) => username),
              JSON.stringify(query)
            )
          }
  })

  await t.test('the audit log, by several filters at once', async (t) => {
    for (const filter of [
      { actor: 'ada', action: 'role.update' },
      { actor: 'bob', action: 'role.update' },
      { target: 'user:2', action: 'user.update' },
      { target: 'user:1', actor: 'bob', action: 'role.update' },
      { actor: 'ada', action: 'user.update', since: instant(1_000), until: instant(1_500) },
      { since: instant(4_000) },
      { target: 'user:2', until: instant(2_000) }
    ]) {
      const found = await all(async (cursor) => {
        const page = await listAudit(db, { ...filter, limit: 100, ...(cursor !== undefined && { cursor }) })
        return [page.entries, page.next_cursor]
      })
      const {
        actor,
        action,
        target,
        since = '',
        until = '9'
      } = { actor: '', action: '', target: '', ...filter }
      const expected = entries
        .filter(
          (entry) =>
            (actor || entry.actor) === entry.actor &&
            (action || entry.action) === entry.action &&
            (target || entry.target) === entry.target &&
            entry.at >= since &&
            entry.at < until
        )
        .reverse()
        .sort((a, b) => Date.parse(b.at) - Date.parse(a.at))
      t.same(
        found.map(({ request_id }) => request_id),
        expected.map(({ request_id }) => request_id),
        JSON.stringify(filter)
      )
    }
  })

  await t.test('in parts', async () => {
    const list = userLister(db)
    const nothing = { actor: 'ada', action: 'role.update' }
    t.same((await inParts(4, () => listAudit(db, nothing), 'a filter without an index')).entries, [])
    await inParts(3, async () => list({ q: 'ad', role: 'user' }), 'a list across its order')
    const active = accounts.filter(({ status }) => status === 'active').length
    t.equal(await inParts(4, () => countAccounts(db), 'the number of accounts'), active)
    const { sessions } = await listSessions(db, 1, { address: '192.0.2.1' }, '')
    t.same(sessions, [])
  })
})
