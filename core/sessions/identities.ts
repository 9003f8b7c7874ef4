import { sql } from 'kysely'
import { effectivePermissions } from '../roles/permissions.ts'
import type { Permission } from '../../schemas/access.ts'
import { hasFactor } from '../factors/methods.ts'
import type { Db, Tx } from '../database/database.ts'
import { prepare, type Value } from '../database/prepared.ts'

/** The account behind a request, as the database has it, and what it may do here. */
interface Account {
  id: number
  username: string
  role: string
  permissions: ReadonlySet<Permission>
  requestsPerMinute: number
}

/** Somebody who has signed in. */
export interface SessionIdentity extends Account {
  via: 'session'
  sessionId: string
  /** When they last proved who they are, in milliseconds since the epoch, and by what (RFC 8176). */
  authTime: number
  amr: readonly string[]
  /** Whether the role wants a second factor that the account does not have. */
  mustEnrol: boolean
  keyId?: undefined
}

/** A machine with a key: it may do what the key was given, as far as the role of the account has it. */
export interface KeyIdentity extends Account {
  via: 'key'
  keyId: string
  /** How often a minute the key itself may be used; null is as often as its account. */
  keyRequestsPerMinute: number | null
  /** From where alone it may be used, when any are named, and whether an address is there; undefined is from anywhere. */
  networks: readonly string[]
  allows: ((address: string) => boolean) | undefined
}

/** Who is asking. */
export type Identity = SessionIdentity | KeyIdentity

/** A session, and whose it is to be. */
interface Subject {
  sessionId: string
  userId: number
}

interface Found {
  identity: SessionIdentity
  /** When the session ends, in milliseconds since the epoch. */
  endsAt: number
  /** The number of the session's last exchange, when no token of it has been used yet. */
  unused: number | undefined
}

/** Factors are looked for where the role wants one alone. */
const mustEnrol = sql<boolean | number>`roles.requires_mfa <> 0 and not ${hasFactor}`

const keysOf = ({ sessionId, userId }: Subject) => ({ sessionId, userId, now: new Date().toISOString() })

type Keys = ReturnType<typeof keysOf>

/** The account comes first: every transaction takes its locks in this order. */
const identities = (db: Db, value: Value<Keys>) =>
  db
    .selectFrom('users')
    .innerJoin('sessions', 'sessions.user_id', 'users.id')
    .innerJoin('roles', 'roles.name', 'users.role')
    .select(['users.id', 'users.username', 'users.role', 'sessions.id as sessionId', 'sessions.expires_at'])
    .select(['sessions.generation', 'sessions.used_at', 'sessions.auth_time', 'sessions.amr'])
    .select(['roles.permissions', 'roles.requests_per_minute'])
    .select(mustEnrol.as('must_enrol'))
    .where('sessions.id', '=', value('sessionId'))
    .where('users.id', '=', value('userId'))
    .where('users.status', '=', 'active')
    .where('sessions.expires_at', '>', value('now'))

const find = prepare(identities)
const hold = prepare((db, value: Value<Keys>) => identities(db, value).forShare())

type Row = Awaited<ReturnType<typeof find>>['rows'][number]

function toIdentity(row: Row | undefined): Found | undefined {
  if (!row) return undefined
  const { expires_at, generation, used_at, auth_time, amr, ...rest } = row
  const { permissions, requests_per_minute, must_enrol, ...account } = rest
  const identity: SessionIdentity = {
    via: 'session',
    ...account,
    authTime: Date.parse(auth_time),
    amr: amr.split(' '),
    permissions: effectivePermissions(permissions),
    requestsPerMinute: requests_per_minute,
    mustEnrol: Boolean(must_enrol)
  }
  return { identity, endsAt: Date.parse(expires_at), unused: used_at === null ? generation : undefined }
}

/** The active account of a live session, and when that session ends, or undefined when either is gone. */
export const findIdentity = async (db: Db, subject: Subject) =>
  toIdentity((await find(db, keysOf(subject))).rows[0])

/** The same in a transaction: neither the account nor the session nor the role changes before it ends. */
export async function holdIdentity(tx: Tx, subject: Subject) {
  const keys = keysOf(subject)
  // Where it has waited for a change of the account's role, PostgreSQL has looked for the old role alone.
  const row = (await hold(tx, keys)).rows[0] ?? (await hold(tx, keys)).rows[0]
  return toIdentity(row)?.identity
}
