import { sql } from 'kysely'
import { createHash } from 'node:crypto'
import { test } from 'tap'
import { migrateDown, migrateUp } from '../../core/database/migrator.ts'
import { openDatabase } from '../../core/database/open.ts'
import { postgresServer, scratchPostgres } from '../database.ts'
import { build } from '../helper.ts'

const migration = '2026-11-25-sessions'

const hashOf = (token: string) => createHash('sha256').update(token).digest('base64url')
const tokenOf = (letter: string) => `${letter.repeat(42)}A`
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString()

/** A row of the table of tokens that there was. */
interface TokenRow {
  token_hash: string
  session_id: string
  spent_at: string | null
}

const tokenRows = async (db: ReturnType<typeof openDatabase>) =>
  (
    await sql<TokenRow>`select token_hash, session_id, spent_at from refresh_tokens
      order by spent_at is null, spent_at`.execute(db)
  ).rows

test('the sessions of an earlier release go on, there and back', async (t) => {
  const DATABASE_URL =
    postgresServer === undefined ? `file:${t.testdir()}/earlier.db` : await scratchPostgres(t, postgresServer)
  const first = await build(t, { DATABASE_URL })
  const db = openDatabase(DATABASE_URL)
  t.teardown(() => db.destroy())
  const [going, watched, fresh] = [
    await first.session('user'),
    await first.session('user'),
    await first.session('user')
  ].map(({ sessionId }) => sessionId)
  await first.app.close()
  await migrateDown(db, migration)

  // As that release left them: a chain of three with its last exchange an hour ago, twice, and one never exchanged.
  await sql`delete from refresh_tokens`.execute(db)
  const keep = async (session: string | undefined, token: string, spentAt: string | null) =>
    sql`insert into refresh_tokens (token_hash, session_id, created_at, spent_at)
      values (${hashOf(token)}, ${session}, ${minutesAgo(200)}, ${spentAt})`.execute(db)
  await keep(going, tokenOf('a'), minutesAgo(120))
  await keep(going, tokenOf('b'), minutesAgo(60))
  await keep(going, tokenOf('c'), null)
  await keep(watched, tokenOf('p'), minutesAgo(60))
  await keep(watched, tokenOf('q'), null)
  await keep(fresh, tokenOf('x'), null)
  t.same(await migrateUp(db), [migration])

  const { app } = await build(t, { DATABASE_URL })
  const refresh = (token: string) =>
    app.inject({ method: 'POST', url: '/refresh', payload: { refresh_token: token } })
  const next = async (token: string) => {
    const answer = await refresh(token)
    t.equal(answer.statusCode, 200)
    return answer.json<{ refresh_token: string }>().refresh_token
  }
  // The live ones are exchanged, and again, and their retries are answered.
  const d = await next(tokenOf('c'))
  t.equal(await next(tokenOf('c')), d)
  const e = await next(d)
  t.equal(await next(d), e)
  const y = await next(tokenOf('x'))
  await next(y)
  // The one before the live one is theft; older ones are known no more.
  t.equal((await refresh(tokenOf('a'))).statusCode, 401)
  t.equal((await refresh(tokenOf('p'))).statusCode, 401)
  t.equal((await refresh(tokenOf('q'))).statusCode, 401)
  t.equal(await next(d), e, 'a token that is known no more ends nothing')
  await app.close()

  t.equal(await migrateDown(db, migration), migration)
  const rows = (await tokenRows(db)).filter(({ session_id }) => session_id === going)
  t.same(
    rows.map(({ token_hash, spent_at }) => [token_hash, spent_at !== null]),
    [
      [hashOf(d), true],
      [hashOf(e), false]
    ],
    'the live token and the one before it are there for the earlier release'
  )
  t.same(await migrateUp(db), [migration])
  const back = await build(t, { DATABASE_URL })
  const answer = await back.app.inject({ method: 'POST', url: '/refresh', payload: { refresh_token: e } })
  t.equal(answer.statusCode, 200)
})

test('a second tab that an upgrade comes between is refused, and its session lives', async (t) => {
  const DATABASE_URL =
    postgresServer === undefined ? `file:${t.testdir()}/tabs.db` : await scratchPostgres(t, postgresServer)
  const first = await build(t, { DATABASE_URL })
  const db = openDatabase(DATABASE_URL)
  t.teardown(() => db.destroy())
  const { sessionId } = await first.session('user')
  await first.app.close()
  await migrateDown(db, migration)
  await sql`insert into refresh_tokens (token_hash, session_id, created_at, spent_at)
    values (${hashOf(tokenOf('p'))}, ${sessionId}, ${minutesAgo(1)}, ${minutesAgo(0)})`.execute(db)
  await migrateUp(db)
  const { app } = await build(t, { DATABASE_URL, REFRESH_GRACE: '1h' })
  const payload = { refresh_token: tokenOf('p') }
  t.equal((await app.inject({ method: 'POST', url: '/refresh', payload })).statusCode, 401)
  t.same(await app.db.selectFrom('sessions').select('id').execute(), [{ id: sessionId }])
})
