/**
 * `node bench/statements.ts`: fills a SQLite file with a million accounts, sessions and audit entries, and prints how long
 * the slowest statement of each thing that the service does holds the event loop.
 */
import Sqlite from 'better-sqlite3'
import { rmSync } from 'node:fs'
import { countAccounts } from '../core/accounts/count.ts'
import { requireAnAdmin } from '../core/accounts/governance.ts'
import { userLister } from '../core/accounts/list.ts'
import { deleteUser, updateUser } from '../core/accounts/users.ts'
import { countAudit } from '../core/audit/count.ts'
import { listAudit } from '../core/audit/list.ts'
import { RoleInUse } from '../core/roles/problems.ts'
import { deleteRole, listRoles } from '../core/roles/roles.ts'
import { migrateUp } from '../core/database/migrator.ts'
import { openDatabase } from '../core/database/open.ts'
import { write } from '../core/database/transaction.ts'
import { cleanUp } from '../core/retention/clean-up.ts'
import { endSessions, listAllSessions, listSessions } from '../core/sessions/session-queries.ts'
import { startSession } from '../core/sessions/sessions.ts'
import { holdAttempt, settleAttempt } from '../core/throttle/attempts.ts'
import { artefacts } from './processes.ts'
import { printTable, showSpread, spreadOf } from './statistics.ts'

const rows = 1_000_000
/** Sessions of one account, as a database may hold them that has grown before there was a bound; and its id. */
const many = 200_000
const crowded = 7

const file = `${artefacts}statements.db`
for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true })

let worst = 0
let statements = 0
let used = process.threadCpuUsage()
const observer = {
  query: (seconds: number) => {
    statements++
    const { user, system } = process.threadCpuUsage(used)
    used = process.threadCpuUsage()
    // Of a busy machine's time only what this thread has worked, which is the statement and some JavaScript before it.
    worst = Math.max(worst, Math.min(seconds * 1_000, (user + system) / 1_000))
  },
  queue: () => undefined
}
const db = openDatabase(`file:${file}`, { observer })
await migrateUp(db)

const now = Date.now()
const at = (n: string) => `strftime('%Y-%m-%dT%H:%M:%fZ', ${now / 1_000} - (${n}), 'unixepoch')`
const numbers = (count: number) =>
  `with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ${count})`

/** One account in a thousand is disabled, one in ten thousand an auditor; the first is the administrator. */
const fill = [
  `insert into roles values ('auditor', '', '["audit:read"]', 10)`,
  `${numbers(rows)} insert into users (username, username_key, password_hash, role, status, created_at, updated_at)
    select 'user-' || n, 'user-' || n, '$2b$10$' || hex(randomblob(26)),
      case when n = 1 then 'admin' when n % 10000 = 0 then 'auditor' else 'user' end,
      case when n % 1000 = 0 then 'disabled' else 'active' end, ${at('n')}, ${at('n')} from numbers`,
  ...[
    [rows, 'n', 'one'],
    [many, String(crowded), 'many']
  ].map(
    ([count, user, name]) => `${numbers(Number(count))}
    insert into sessions (id, user_id, created_at, last_used_at, expires_at, user_agent, address, family, token_hash, auth_time)
    select '${name}-' || n, ${user}, ${at('n')}, ${at('n')}, ${at('n - 1209600')}, 'bench', '192.0.2.1', '${name}-' || n,
      hex(randomblob(16)), ${at('n')} from numbers`
  ),
  `${numbers(rows)} insert into audit (at, actor_id, actor, action, target, address, request_id, changes)
    select ${at(`(${rows} - n) * 30`)}, iif(n % 2, 1, null), iif(n % 2, 'user-1', null),
      case when n % 100000 = 1 then 'role.update' when n % 2 then 'user.update' else 'session.start' end,
      case when n % 100000 = 1 then 'role:auditor' else 'user:' || (n % 10) end,
      '192.0.2.1', 'bench', '[]' from numbers`,
  `${numbers(300_000)} insert into sign_in_attempts
    select 'name:' || n, '192.0.2.1', 1, 0, ${at('0')}, ${at('0')}, ${at('0 - n')} from numbers`
]
const sqlite = new Sqlite(file)
for (const statement of fill) sqlite.exec(statement)
sqlite.close()

const list = userLister(db)
const users = (query: Parameters<typeof list>[0]) => async () => list(query)
const audit = (query: Parameters<typeof listAudit>[1]) => () => listAudit(db, query)
const source = { id: 'bench', ip: '198.51.100.9', user: null }
const year = new Date(now - 340 * 86_400_000).toISOString()

const things: Record<string, () => Promise<unknown>> = {
  'GET /users': users({}),
  '?role=user': users({ role: 'user' }),
  '?role=auditor': users({ role: 'auditor' }),
  '?status=disabled': users({ status: 'disabled' }),
  '?status=active': users({ status: 'active' }),
  '?role=auditor&status=disabled': users({ role: 'auditor', status: 'disabled' }),
  '?role=user&status=disabled': users({ role: 'user', status: 'disabled' }),
  '?role=admin&status=disabled': users({ role: 'admin', status: 'disabled' }),
  '?q=user': users({ q: 'user' }),
  '?q=user-99999': users({ q: 'user-99999' }),
  '?q=nobody': users({ q: 'nobody' }),
  '?q=user&role=auditor': users({ q: 'user', role: 'auditor' }),
  '?q=user&role=admin&status=disabled': users({ q: 'user', role: 'admin', status: 'disabled' }),
  '?sort=username': users({ sort: 'username' }),
  '?sort=username&role=user': users({ sort: 'username', role: 'user' }),
  '?sort=username&role=auditor': users({ sort: 'username', role: 'auditor' }),
  '?sort=username&role=admin': users({ sort: 'username', role: 'admin' }),
  '?sort=username&status=disabled': users({ sort: 'username', status: 'disabled' }),
  '?sort=username&role=admin&status=disabled': users({
    sort: 'username',
    role: 'admin',
    status: 'disabled'
  }),
  '?sort=username&q=user&role=admin': users({ sort: 'username', q: 'user', role: 'admin' }),
  'count of active accounts': () => countAccounts(db),
  'last administrator': () => write(db, (tx) => requireAnAdmin(tx)),
  'GET /roles': () => listRoles(db, {}),
  'delete a role that is in use': () =>
    write(db, (tx) => deleteRole(tx, 'user')).catch((error: unknown) => {
      if (!(error instanceof RoleInUse)) throw error
    }),
  'GET /audit': audit({}),
  '?actor': audit({ actor: 'user-1' }),
  '?action': audit({ action: 'role.update' }),
  '?target': audit({ target: 'user:3' }),
  '?actor&action': audit({ actor: 'user-1', action: 'role.update' }),
  '?actor&action&target of nothing': audit({
    actor: 'user-1',
    action: 'session.start',
    target: 'role:auditor'
  }),
  '?action&target of nothing': audit({ action: 'user.update', target: 'user:2' }),
  '?until, a year ago': audit({ until: year }),
  '?action, until a year ago': audit({ action: 'role.update', until: year }),
  '?actor&action, since and until': audit({
    actor: 'user-1',
    action: 'session.start',
    since: new Date(now - 90 * 86_400_000).toISOString(),
    until: new Date(now - 30 * 86_400_000).toISOString()
  }),
  'a refused sign-in in the audit log': () =>
    write(db, (tx) => countAudit(tx, source, { action: 'session.refuse', target: 'user:3' })),
  'GET /me/sessions, 200,000': () => listSessions(db, crowded, {}, ''),
  '?address of none': () => listSessions(db, crowded, { address: '203.0.113.1' }, ''),
  'GET /sessions': () => listAllSessions(db, {}, ''),
  '?user_id': () => listAllSessions(db, { user_id: crowded }, ''),
  'an attempt to sign in': () =>
    write(db, async (tx) => {
      const attempt = await holdAttempt(tx, { userId: crowded }, '198.51.100.9')
      await settleAttempt(tx, attempt, 'none')
    }),
  'a new session beside 200,000': () =>
    write(db, (tx) =>
      startSession(
        tx,
        { userId: crowded, userAgent: 'bench', address: '192.0.2.1' },
        { idle: 1e9, absolute: 1e9, grace: 1e4 }
      )
    ),
  'end one of 200,000': () => write(db, (tx) => endSessions(tx, crowded, { only: 'many-9' })),
  'rename an account': () => write(db, (tx) => updateUser(tx, 9, { username: 'renamed' })),
  'end 200,000 sessions': () => write(db, (tx) => endSessions(tx, crowded)),
  'delete an account': () => write(db, (tx) => deleteUser(tx, crowded)),
  'clean up 50,000 too many': () => cleanUp(db, { AUDIT_RETENTION_DAYS: 365 }),
  'clean up 85,000 audit entries': () => cleanUp(db, { AUDIT_RETENTION_DAYS: 317 })
}

/** What changes the database is done once for each round; what is done then is nothing any more. */
const rounds = 5

const table: string[][] = []
for (const [name, run] of Object.entries(things)) {
  const spans: number[] = []
  const slowest: number[] = []
  for (let round = 0; round < rounds; round++) {
    worst = statements = 0
    used = process.threadCpuUsage()
    const began = performance.now()
    await run()
    spans.push(performance.now() - began)
    slowest.push(worst)
  }
  table.push([name, showSpread(spreadOf(slowest)), String(statements), showSpread(spreadOf(spans))])
}
printTable(['what', 'slowest statement, ms of work', 'statements', 'in all, ms'], table)
await db.destroy()
