import type { Static } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import type { ApiKeyChanges, NewApiKey } from '../../schemas/api-keys.ts'
import { requireOwn } from '../accounts/governance.ts'
import { lockGovernedUser } from '../accounts/users.ts'
import { membersOf, recordAudit } from '../audit/record.ts'
import { touch } from '../changes/touched.ts'
import type { Config } from '../config/load.ts'
import type { Db, Tx } from '../database/database.ts'
import { queueNotice } from '../mail/outbox.ts'
import { spellNetworks } from '../network/networks.ts'
import { pageOf, type PageQuery } from '../paging/page.ts'
import { defineProblem } from '../problems/define.ts'
import { effectivePermissions } from '../roles/permissions.ts'
import { newKey } from './form.ts'

export const KeyNotFound = defineProblem('KEY_NOT_FOUND', 404, 'No such key', {
  detail: 'The account has no key with this id.',
  about: 'The key was withdrawn or has long expired, or belongs to another account.'
})

export const KeyReplaced = defineProblem('KEY_REPLACED', 409, 'Replaced already', {
  detail: 'Another key was made in the place of this one; rotate that.',
  about: 'A key is rotated once: the one that was made then is rotated next.'
})

export const TooManyKeys = defineProblem('TOO_MANY_KEYS', 409, 'Too many keys', {
  detail: 'An account has %s keys at most. Withdraw one to make another.',
  about: 'Keys that have expired count until they are cleaned up, a month later; withdrawing one makes room.'
})

export const NetworkRefused = defineProblem('NETWORK_REFUSED', 400, 'No such network', {
  detail: '%s is no network: write an address or a CIDR range such as 203.0.113.0/24.',
  about: 'A network is an IPv4 or IPv6 address, or a range of them in CIDR notation (RFC 4632).'
})

type NewKey = Static<typeof NewApiKey>
type Changes = Static<typeof ApiKeyChanges>

/** So many keys an account has at most. */
const mostKeys = 100
const day = 86_400_000
/** How long a key that was rotated is still good, in milliseconds: until all that use it have the new one. */
const overlap = day

const columns = [
  'id',
  'user_id',
  'name',
  'permissions',
  'requests_per_minute',
  'allowed_networks',
  'created_at',
  'expires_at',
  'last_used_at',
  'replaced_by'
] as const

const select = (db: Db, userId: number) =>
  db.selectFrom('api_keys').select(columns).where('user_id', '=', userId)

type Row = Awaited<ReturnType<ReturnType<typeof select>['executeTakeFirstOrThrow']>>

/** A key as it is shown: nothing of the key itself. */
const shown = ({ permissions, allowed_networks, ...row }: Row) => ({
  ...row,
  permissions: [...effectivePermissions(permissions)],
  allowed_networks: JSON.parse(allowed_networks) as string[]
})

/** A page of an account's keys, newest first. @throws CursorRefused */
export async function listKeys(db: Db, userId: number, page: PageQuery) {
  const { rows, next_cursor } = await pageOf(
    select(db, userId),
    page,
    { created_at: 'instant', id: 'text' },
    'desc'
  )
  return { keys: rows.map(shown), next_cursor }
}

const notFound = () => new KeyNotFound()

/** A key of an account. @throws KeyNotFound */
export const getKey = async (db: Db, userId: number, id: string) =>
  shown(await select(db, userId).where('id', '=', id).executeTakeFirstOrThrow(notFound))

/** The key of an account, which nobody else changes before the transaction ends. @throws KeyNotFound */
const lockKey = async (tx: Tx, userId: number, id: string) =>
  shown(await select(tx, userId).where('id', '=', id).forUpdate().executeTakeFirstOrThrow(notFound))

/** Networks in their one spelling. @throws NetworkRefused */
const spelled = (networks: readonly string[]) =>
  spellNetworks(networks, (network) => new NetworkRefused(network))

/** The members that are kept as JSON, as they are stored. */
const stored = ({ permissions, allowed_networks, ...others }: Changes) => ({
  ...others,
  ...(permissions && { permissions: JSON.stringify(permissions) }),
  ...(allowed_networks && { allowed_networks: JSON.stringify(spelled(allowed_networks)) })
})

interface Making extends Omit<NewKey, 'expires_in_days'> {
  userId: number
  lifetime: number
}

/** Draws a key and keeps its hash; the account is locked. @throws TooManyKeys, NetworkRefused */
async function insertKey(tx: Tx, { userId, lifetime, requests_per_minute = null, ...members }: Making) {
  const { count } = await tx
    .selectFrom('api_keys')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('user_id', '=', userId)
    .executeTakeFirstOrThrow()
  if (Number(count) >= mostKeys) throw new TooManyKeys(mostKeys)
  const { id, key, hash } = newKey()
  const now = Date.now()
  const { name, permissions, allowed_networks = [] } = members
  const row = await tx
    .insertInto('api_keys')
    .values({
      id,
      user_id: userId,
      name,
      hash,
      permissions: JSON.stringify(permissions),
      allowed_networks: JSON.stringify(spelled(allowed_networks)),
      requests_per_minute,
      created_at: new Date(now).toISOString(),
      expires_at: new Date(now + lifetime).toISOString(),
      last_used_at: null,
      replaced_by: null
    })
    .returning(columns)
    .executeTakeFirstOrThrow()
  return { ...shown(row), key }
}

/**
 * Makes a key of an account, by its owner or whoever governs it, who has all that it may do. The owner is told by mail.
 * @throws BeyondOwnPermissions, TooManyKeys, NetworkRefused, UserNotFound, TokenInvalid, Forbidden
 */
export async function makeKey(
  tx: Tx,
  request: FastifyRequest,
  config: Config,
  userId: number,
  input: NewKey
) {
  const { caller } = await lockGovernedUser(tx, request, userId)
  requireOwn(caller, input.permissions)
  const { expires_in_days = 90, ...members } = input
  const made = await insertKey(tx, { ...members, userId, lifetime: expires_in_days * day })
  const { key: _secret, id, created_at: _created, last_used_at: _used, replaced_by: _next, ...changes } = made
  await recordAudit(tx, request, { action: 'key.create', target: `key:${id}`, changes })
  await queueNotice(tx, config, userId, 'key')
  return made
}

/**
 * Changes members of a key; they count from the next request on.
 * @throws KeyNotFound, BeyondOwnPermissions, NetworkRefused, UserNotFound, TokenInvalid, Forbidden
 */
export async function changeKey(tx: Tx, request: FastifyRequest, userId: number, id: string, input: Changes) {
  const { caller } = await lockGovernedUser(tx, request, userId)
  const before = await lockKey(tx, userId, id)
  requireOwn(caller, [...before.permissions, ...(input.permissions ?? [])])
  touch(tx, 'api_keys', id)
  const row = await tx
    .updateTable('api_keys')
    .set(stored(input))
    .where('id', '=', id)
    .returning(columns)
    .executeTakeFirstOrThrow()
  const after = shown(row)
  const changes = { ...membersOf(after, input), user_id: userId }
  await recordAudit(tx, request, { action: 'key.update', target: `key:${id}`, changes, before })
  return after
}

/**
 * Makes a key in the place of another one, which stays good for a day; it may do the same for as long again.
 * @throws KeyNotFound, KeyReplaced, BeyondOwnPermissions, TooManyKeys, UserNotFound, TokenInvalid, Forbidden
 */
export async function rotateKey(tx: Tx, request: FastifyRequest, config: Config, userId: number, id: string) {
  const { caller } = await lockGovernedUser(tx, request, userId)
  const old = await lockKey(tx, userId, id)
  if (old.replaced_by !== null) throw new KeyReplaced()
  requireOwn(caller, old.permissions)
  const lifetime = Date.parse(old.expires_at) - Date.parse(old.created_at)
  const made = await insertKey(tx, { ...old, userId, lifetime })
  const ends = new Date(Math.min(Date.parse(old.expires_at), Date.now() + overlap)).toISOString()
  touch(tx, 'api_keys', id)
  await tx
    .updateTable('api_keys')
    .set({ replaced_by: made.id, expires_at: ends })
    .where('id', '=', id)
    .execute()
  const changes = { user_id: userId, replaced_by: made.id, expires_at: ends }
  await recordAudit(tx, request, { action: 'key.rotate', target: `key:${id}`, changes, before: old })
  await queueNotice(tx, config, userId, 'key')
  return made
}

/** Withdraws a key: it is good for nothing from the next request on. @throws KeyNotFound, BeyondOwnPermissions, and more */
export async function withdrawKey(tx: Tx, request: FastifyRequest, userId: number, id: string) {
  await lockGovernedUser(tx, request, userId)
  const { name } = await lockKey(tx, userId, id)
  touch(tx, 'api_keys', id)
  await tx.deleteFrom('api_keys').where('id', '=', id).execute()
  const changes = { user_id: userId, name }
  await recordAudit(tx, request, { action: 'key.delete', target: `key:${id}`, changes })
}
