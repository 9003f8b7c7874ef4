import type { Db } from '../database/database.ts'
import { prepare, prepareRead, type Value } from '../database/prepared.ts'
import { familyOf, hashOf } from './refresh-tokens.ts'

/** What finds a session by one of its refresh tokens. */
const keysOf = (token: string) => ({
  family: familyOf(token),
  hash: hashOf(token),
  now: new Date().toISOString()
})

type Keys = ReturnType<typeof keysOf>

const sessions = (db: Db, value: Value<Keys>) =>
  db
    .selectFrom('sessions')
    .innerJoin('users', 'users.id', 'sessions.user_id')
    .select(['users.id', 'users.username', 'users.role', 'sessions.id as sessionId', 'sessions.created_at'])
    .select([
      'token_hash',
      'salt',
      'generation',
      'used_at',
      'prior_salt',
      'prior_used_at',
      'auth_time',
      'amr'
    ])
    .where('sessions.expires_at', '>', value('now'))
    .where('users.status', '=', 'active')

/** A session that was begun before tokens had a family has the hash of its live token for one. */
const byFamily = (db: Db, value: Value<Keys>) =>
  sessions(db, value).where('family', 'in', [value('family'), value('hash')])

/** Of such a session the last token that was exchanged is known too, until the next exchange. */
const byParent = (db: Db, value: Value<Keys>) =>
  sessions(db, value).where('parent_hash', '=', value('hash')).whereRef('family', '=', 'token_hash')

const findByFamily = prepare(byFamily)
const findByParent = prepare(byParent)

/** The live session of an active account that a refresh token is or was of, as a transaction sees it, or undefined. */
export async function findByToken(db: Db, token: string) {
  const keys = keysOf(token)
  return (await findByFamily(db, keys)).rows[0] ?? (await findByParent(db, keys)).rows[0]
}

/** The same, as it has been committed, and without waiting for any transaction. */
export function tokenReader(db: Db) {
  const readByFamily = prepareRead<Keys, TokenSession>(db, (value) => byFamily(db, value))
  const readByParent = prepareRead<Keys, TokenSession>(db, (value) => byParent(db, value))
  return async (token: string) => {
    const keys = keysOf(token)
    return (await readByFamily(keys))[0] ?? (await readByParent(keys))[0]
  }
}

/** A session as it is found by a refresh token. */
export type TokenSession = NonNullable<Awaited<ReturnType<typeof findByToken>>>

interface Exchange {
  sessionId: string
  /** The hashes of the token that is spent and of its successor. */
  hash: string
  successor: string
  family: string
  salt: string
  now: string
  expiresAt: string
}

/** Puts its successor in the place of a live token; changes nothing when it is live no more. */
export const exchangeToken = prepare((db, value: Value<Exchange>) =>
  db
    .updateTable('sessions')
    .set((expression) => ({
      family: value('family'),
      token_hash: value('successor'),
      parent_hash: value('hash'),
      salt: value('salt'),
      generation: expression('generation', '+', 1),
      used_at: null,
      prior_salt: expression.ref('salt'),
      prior_used_at: expression.fn.coalesce('used_at', value('now')),
      last_used_at: value('now'),
      expires_at: value('expiresAt')
    }))
    .where('id', '=', value('sessionId'))
    .where('token_hash', '=', value('hash'))
)

/** Notes that the tokens of a session's last exchange are in use; once for each exchange. */
export const noteUse = prepare((db, value: Value<{ sessionId: string; generation: number; now: string }>) =>
  db
    .updateTable('sessions')
    .set({ used_at: value('now') })
    .where('id', '=', value('sessionId'))
    .where('generation', '=', value('generation'))
    .where('used_at', 'is', null)
)
