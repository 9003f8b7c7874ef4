import { prepare, type Value } from '../db/prepared.ts'

/** What a refresh token leads to: its live session with the active account behind it. */
export const findToken = prepare((db, value: Value<{ hash: string; now: string }>) =>
  db
    .selectFrom('refresh_tokens')
    .innerJoin('sessions', 'sessions.id', 'refresh_tokens.session_id')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select([
      'refresh_tokens.spent_at',
      'sessions.id as sessionId',
      'sessions.created_at',
      'users.id',
      'users.username',
      'users.role'
    ])
    .where('refresh_tokens.token_hash', '=', value('hash'))
    .where('sessions.expires_at', '>', value('now'))
    .where('users.status', '=', 'active')
)

/** Adds an unspent token to a session. */
export const keepToken = prepare((db, value: Value<{ hash: string; sessionId: string; now: string }>) =>
  db.insertInto('refresh_tokens').values({
    token_hash: value('hash'),
    session_id: value('sessionId'),
    created_at: value('now'),
    spent_at: null
  })
)

/** Marks a token as spent; changes nothing when it is already. */
export const spendToken = prepare((db, value: Value<{ hash: string; now: string }>) =>
  db
    .updateTable('refresh_tokens')
    .set({ spent_at: value('now') })
    .where('token_hash', '=', value('hash'))
    .where('spent_at', 'is', null)
)

/** Makes a session live on. */
export const prolongSession = prepare(
  (db, value: Value<{ sessionId: string; now: string; expiresAt: string }>) =>
    db
      .updateTable('sessions')
      .set({ last_used_at: value('now'), expires_at: value('expiresAt') })
      .where('id', '=', value('sessionId'))
)
