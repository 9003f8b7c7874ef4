import { sql } from 'kysely'
import { setImmediate } from 'node:timers/promises'
import { touch } from '../changes/touched.ts'
import { endChallenges } from '../factors/challenges.ts'
import { spellingOf } from '../network/address.ts'
import { pageOf, type PageQuery } from '../paging/page.ts'
import { scanPage } from '../paging/scan.ts'
import { defineProblem } from '../problems/define.ts'
import type { Db, Tx } from '../database/database.ts'

export const SessionNotFound = defineProblem('SESSION_NOT_FOUND', 404, 'No such session', {
  detail: 'The account has no session with this id.',
  about: 'The session has ended, or belongs to another account.'
})

const shown = ['id', 'created_at', 'last_used_at', 'expires_at', 'user_agent', 'address'] as const
const newestFirst = { created_at: 'instant', id: 'text' } as const

/** A page of an account's live sessions, newest first; `currentId` marks the one that asks. @throws CursorRefused */
export async function listSessions(
  db: Db,
  userId: number,
  { address, ...page }: PageQuery & { address?: string },
  currentId: string | undefined
) {
  const query = db
    .selectFrom('sessions')
    .select(shown)
    .where('user_id', '=', userId)
    .where('expires_at', '>', new Date().toISOString())
  const conditions = address === undefined ? [] : [sql<boolean>`address = ${spellingOf(address)}`]
  const { rows, next_cursor } = await scanPage(db, query, conditions, page, newestFirst, 'desc')
  return { sessions: rows.map((session) => ({ ...session, current: session.id === currentId })), next_cursor }
}

/** A page of everybody's live sessions, newest first; `currentId` marks the one that asks. @throws CursorRefused */
export async function listAllSessions(
  db: Db,
  { user_id, ...page }: PageQuery & { user_id?: number },
  currentId: string | undefined
) {
  let query = db
    .selectFrom('sessions')
    .select([...shown, 'user_id'])
    .select((expression) =>
      expression
        .selectFrom('users')
        .select('users.username')
        .whereRef('users.id', '=', 'sessions.user_id')
        .$asScalar()
        .$notNull()
        .as('username')
    )
    .where('expires_at', '>', new Date().toISOString())
  if (user_id !== undefined) query = query.where('user_id', '=', user_id)
  const { rows, next_cursor } = await pageOf(query, page, newestFirst, 'desc')
  return { sessions: rows.map((session) => ({ ...session, current: session.id === currentId })), next_cursor }
}

/** So many sessions are ended by one statement: others are served in between. */
const batch = 200

/** Ends sessions of an account: one, all but one, or all. Answers how many. Their refresh tokens go with them. */
export async function endSessions(tx: Tx, userId: number, which: { only?: string; except?: string } = {}) {
  touch(tx, 'sessions', userId)
  // A sign-in that is under way is none that goes on.
  if (which.only === undefined) await endChallenges(tx, userId)
  let ending = tx.selectFrom('sessions').select('id').where('user_id', '=', userId)
  if (which.only !== undefined) ending = ending.where('id', '=', which.only)
  if (which.except !== undefined) ending = ending.where('id', '!=', which.except)
  const deletion = tx.deleteFrom('sessions').where('id', 'in', ending.limit(batch))
  let ended = 0
  for (;;) {
    const count = Number((await deletion.executeTakeFirstOrThrow()).numDeletedRows)
    ended += count
    // Less than were looked for is no sign of the end: another transaction may have ended some of them.
    if (count === 0 || which.only !== undefined) return ended
    await setImmediate()
  }
}
