import { randomBytes, randomUUID } from 'node:crypto'
import type { Static } from '@sinclair/typebox'
import { mostPasskeys, type PasskeyRow } from '../../schemas/passkeys.ts'
import { touch } from '../changes/touched.ts'
import type { Db, Tx } from '../database/database.ts'
import { isUniqueViolation } from '../database/failures.ts'
import { write } from '../database/transaction.ts'
import { defineProblem } from '../problems/define.ts'
import type { verifyRegistration } from './verify.ts'

export const PasskeyNotFound = defineProblem('PASSKEY_NOT_FOUND', 404, 'No such passkey', {
  detail: 'You have no passkey with this id.',
  about: 'The passkey was removed, or belongs to another account.'
})

export const PasskeyTaken = defineProblem('PASSKEY_TAKEN', 409, 'The passkey is registered already', {
  detail: 'This passkey is registered already.',
  about: 'A passkey is registered once, for one account.'
})

export const TooManyPasskeys = defineProblem('TOO_MANY_PASSKEYS', 409, 'Too many passkeys', {
  detail: `You have ${mostPasskeys} passkeys; remove one first.`,
  about: `An account has at most ${mostPasskeys} passkeys.`
})

const columns = [
  'id',
  'credential_id',
  'name',
  'transports',
  'backup_eligible',
  'backed_up',
  'aaguid',
  'created_at',
  'last_used_at'
] as const

type Stored = Pick<Static<typeof PasskeyRow>, (typeof columns)[number]>

/** How a passkey can be reached, as it is stored. */
export const transportsIn = (stored: string) => JSON.parse(stored) as string[]

const toPasskey = ({ transports, backup_eligible, backed_up, ...row }: Stored) => ({
  ...row,
  transports: transportsIn(transports),
  backup_eligible: backup_eligible === 1,
  backed_up: backed_up === 1
})

/** An account's passkeys, oldest first. */
export async function listPasskeys(db: Db, userId: number) {
  const query = db.selectFrom('passkeys').select(columns).where('user_id', '=', userId)
  return (await query.orderBy('created_at').orderBy('id').execute()).map(toPasskey)
}

/** An account's passkeys as a browser is told of them (WebAuthn, section 5.8.3). */
export async function describePasskeys(db: Db, userId: number) {
  const query = db.selectFrom('passkeys').select(['credential_id', 'transports'])
  const rows = await query.where('user_id', '=', userId).orderBy('created_at').orderBy('id').execute()
  return rows.map(({ credential_id, transports }) => ({
    id: credential_id,
    type: 'public-key' as const,
    transports: transportsIn(transports)
  }))
}

/** Whether an account has a passkey. */
export async function hasPasskey(db: Db, userId: number): Promise<boolean> {
  const query = db.selectFrom('passkeys').select('id').where('user_id', '=', userId)
  return (await query.limit(1).executeTakeFirst()) !== undefined
}

/** How many passkeys an account has. */
export async function countPasskeys(db: Db, userId: number): Promise<number> {
  const query = db.selectFrom('passkeys').select(({ fn }) => fn.countAll().as('count'))
  return Number((await query.where('user_id', '=', userId).executeTakeFirstOrThrow()).count)
}

/** What authenticators know an account by, or null where it has none yet. */
export async function findHandle(db: Db, userId: number) {
  const query = db.selectFrom('users').select('passkey_handle').where('id', '=', userId)
  return (await query.executeTakeFirst())?.passkey_handle ?? null
}

/** The same, drawn now where it has none: 64 random bytes, which say nothing of the account (WebAuthn, section 14.6.1). */
export async function handleOf(db: Db, userId: number): Promise<string> {
  const known = await findHandle(db, userId)
  if (known !== null) return known
  const drawn = randomBytes(64).toString('base64url')
  return write(db, async (tx) => {
    const drawing = tx.updateTable('users').set({ passkey_handle: drawn }).where('id', '=', userId)
    await drawing.where('passkey_handle', 'is', null).execute()
    return (await findHandle(tx, userId)) ?? drawn
  })
}

type Verified = Awaited<ReturnType<typeof verifyRegistration>>

/** Adds a passkey to an account, which the transaction has locked; answers it. @throws TooManyPasskeys, PasskeyTaken */
export async function insertPasskey(tx: Tx, userId: number, verified: Verified, name: string) {
  const { count } = await tx
    .selectFrom('passkeys')
    .select(({ fn }) => fn.countAll().as('count'))
    .where('user_id', '=', userId)
    .executeTakeFirstOrThrow()
  if (Number(count) >= mostPasskeys) throw new TooManyPasskeys()
  const row = await tx
    .insertInto('passkeys')
    .values({
      ...verified,
      id: randomUUID(),
      user_id: userId,
      name,
      created_at: new Date().toISOString(),
      last_used_at: null
    })
    .returning(columns)
    .executeTakeFirstOrThrow()
    .catch((error: unknown) => {
      throw isUniqueViolation(error) ? new PasskeyTaken() : error
    })
  touch(tx, 'passkeys', userId)
  return toPasskey(row)
}

/** Renames a passkey of an account; answers it and what it was called. @throws PasskeyNotFound */
export async function renamePasskey(tx: Tx, userId: number, id: string, name: string) {
  const mine = { id, user_id: userId }
  const before = await tx
    .selectFrom('passkeys')
    .select('name')
    .where((eb) => eb.and(mine))
    .forUpdate()
    .executeTakeFirstOrThrow(() => new PasskeyNotFound())
  const row = await tx
    .updateTable('passkeys')
    .set({ name })
    .where((eb) => eb.and(mine))
    .returning(columns)
    .executeTakeFirstOrThrow()
  return { passkey: toPasskey(row), before }
}

/** Removes a passkey of an account; answers what it was called. @throws PasskeyNotFound */
export async function deletePasskey(tx: Tx, userId: number, id: string) {
  touch(tx, 'passkeys', userId)
  return tx
    .deleteFrom('passkeys')
    .where('id', '=', id)
    .where('user_id', '=', userId)
    .returning('name')
    .executeTakeFirstOrThrow(() => new PasskeyNotFound())
}

/** Removes all passkeys of an account, or those made since an instant; answers how many. */
export async function deletePasskeys(tx: Tx, userId: number, since = ''): Promise<number> {
  touch(tx, 'passkeys', userId)
  let deletion = tx.deleteFrom('passkeys').where('user_id', '=', userId)
  if (since !== '') deletion = deletion.where('created_at', '>=', since)
  return Number((await deletion.executeTakeFirstOrThrow()).numDeletedRows)
}
