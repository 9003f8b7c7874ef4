import { isIP } from 'node:net'
import type { Permission } from '../../schemas/access.ts'
import type { Db, Tx } from '../database/database.ts'
import { inNetworks } from '../network/networks.ts'
import { effectivePermissions } from '../roles/permissions.ts'
import type { KeyIdentity } from '../sessions/identities.ts'
import { isSameHash } from './form.ts'

/** A key, and whose it is to be where that is known. */
interface Subject {
  keyId: string
  hash?: string
}

/** The account comes first: every transaction takes its locks in this order. */
const keyQuery = (db: Db, keyId: string) =>
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
    .where('api_keys.id', '=', keyId)
    .where('users.status', '=', 'active')
    .where('api_keys.expires_at', '>', new Date().toISOString())

type Row = Awaited<ReturnType<ReturnType<typeof keyQuery>['executeTakeFirst']>>

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

function toIdentity(row: NonNullable<Row>): KeyIdentity {
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
export async function findKeyIdentity(db: Db, { keyId, hash }: Subject) {
  const row = await keyQuery(db, keyId).executeTakeFirst()
  if (!row || hash === undefined || !isSameHash(row.hash, hash)) return undefined
  return { identity: toIdentity(row), endsAt: Date.parse(row.expires_at) }
}

/** The same in a transaction, for a key that has been judged: neither account nor key nor role changes before it ends. */
export async function holdKeyIdentity(tx: Tx, { keyId }: Subject): Promise<KeyIdentity | undefined> {
  const query = keyQuery(tx, keyId).forShare()
  // Where it has waited for a change of the account's role, PostgreSQL has looked for the old role alone.
  const row = (await query.executeTakeFirst()) ?? (await query.executeTakeFirst())
  return row && toIdentity(row)
}
