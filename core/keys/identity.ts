import { isIP } from 'node:net'
import type { Permission } from '../../schemas/access.ts'
import type { Db, Tx } from '../database/database.ts'
import { prepare, type Value } from '../database/prepared.ts'
import { inNetworks } from '../network/networks.ts'
import { effectivePermissions } from '../roles/permissions.ts'
import type { KeyIdentity } from '../sessions/identities.ts'
import { isSameHash } from './form.ts'

/** A key, and whose it is to be where that is known. */
interface Subject {
  keyId: string
  hash?: string
}

const valuesOf = ({ keyId }: Subject) => ({ keyId, now: new Date().toISOString() })

type Values = ReturnType<typeof valuesOf>

/** The account comes first: every transaction takes its locks in this order. */
const identities = (db: Db, value: Value<Values>) =>
  db
    .selectFrom('users')
    .innerJoin('api_keys', 'api_keys.user_id', 'users.id')
    .innerJoin('roles', 'roles.name', 'users.role')
    .select(['users.id', 'users.username', 'users.role'])
    .select([
      'api_keys.id as keyId',
      'api_keys.hash',
      'api_keys.expires_at',
      'api_keys.permissions as granted'
    ])
    .select(['api_keys.requests_per_minute as keyRequestsPerMinute', 'api_keys.allowed_networks'])
    .select(['roles.permissions', 'roles.requests_per_minute'])
    .where('api_keys.id', '=', value('keyId'))
    .where('users.status', '=', 'active')
    .where('api_keys.expires_at', '>', value('now'))

const find = prepare(identities)
const hold = prepare((db, value: Value<Values>) => identities(db, value).forShare())

type Row = Awaited<ReturnType<typeof find>>['rows'][number]

/** What a key may do: what it was given, as far as its owner's role still has it. */
function permissionsOf(granted: string, ofRole: string): ReadonlySet<Permission> {
  const role = effectivePermissions(ofRole)
  return new Set([...effectivePermissions(granted)].filter((permission) => role.has(permission)))
}

/** Whether a key may be used from an address; from anywhere when it names no networks. */
function originCheck(networks: readonly string[]): KeyIdentity['allows'] {
  if (networks.length === 0) return undefined
  const isIn = inNetworks(networks)
  return (address) => isIP(address) !== 0 && isIn(address)
}

function toIdentity(row: Row): KeyIdentity {
  const { id, username, role, keyId, keyRequestsPerMinute } = row
  const networks = JSON.parse(row.allowed_networks) as string[]
  return {
    via: 'key',
    id,
    username,
    role,
    keyId,
    keyRequestsPerMinute,
    permissions: permissionsOf(row.granted, row.permissions),
    requestsPerMinute: row.requests_per_minute,
    networks,
    allows: originCheck(networks)
  }
}

/** The active account of a key that has not expired, and when that is, or undefined when either is gone. */
export async function findKeyIdentity(db: Db, subject: Subject) {
  const { hash } = subject
  const [row] = (await find(db, valuesOf(subject))).rows
  if (!row || hash === undefined || !isSameHash(row.hash, hash)) return undefined
  return { identity: toIdentity(row), endsAt: Date.parse(row.expires_at) }
}

/** The same in a transaction, for a key that has been judged: neither account nor key nor role changes before it ends. */
export async function holdKeyIdentity(tx: Tx, subject: Subject): Promise<KeyIdentity | undefined> {
  const values = valuesOf(subject)
  // Where it has waited for a change of the account's role, PostgreSQL has looked for the old role alone.
  const row = (await hold(tx, values)).rows[0] ?? (await hold(tx, values)).rows[0]
  return row && toIdentity(row)
}
