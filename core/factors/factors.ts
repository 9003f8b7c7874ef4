import { randomUUID } from 'node:crypto'
import { touch } from '../changes/touched.ts'
import type { Db, Tx } from '../database/database.ts'
import { deletePasskeys } from '../passkeys/passkeys.ts'
import { defineProblem } from '../problems/define.ts'
import type { Seal } from '../vault/vault.ts'
import { deleteCodes } from './recovery-codes.ts'
import { newSeed, stepOf } from './totp.ts'

export const FactorNotFound = defineProblem('FACTOR_NOT_FOUND', 404, 'No such factor', {
  detail: 'The account has no such factor, or none that waits to be confirmed.',
  about: 'The factor was removed, belongs to another account, or has been replaced by a later enrolment.'
})

export const TooManyFactors = defineProblem('TOO_MANY_FACTORS', 409, 'Too many factors', {
  detail: 'An account has ten factors at most: remove one first.',
  about: 'Nobody needs more authenticator apps than that; what is not used any more is better removed.'
})

export const WrongCode = defineProblem('WRONG_CODE', 403, 'Wrong code', {
  detail: 'The code is wrong, or has been used.',
  about:
    'Codes of an authenticator app are good for about a minute and once, recovery codes once. Of several requests with one code at once one is let through.'
})

const mostFactors = 10

const shown = ['id', 'kind', 'name', 'created_at', 'confirmed_at', 'last_used_at'] as const

/** A sealed seed opens in its own row alone. */
const placeOf = (id: string) => ({ table: 'factors', column: 'secret', row: id })

const ofAccount = (db: Db, userId: number) => db.selectFrom('factors').where('user_id', '=', userId)

/** The factors of an account, and the one that waits to be confirmed. */
export const listFactors = (db: Db, userId: number) =>
  ofAccount(db, userId)
    .select(shown)
    .orderBy('created_at')
    .orderBy('id')
    .limit(mostFactors + 1)
    .execute()

/** A factor of an account. @throws FactorNotFound */
export const getFactor = (db: Db, userId: number, id: string) =>
  ofAccount(db, userId)
    .select(shown)
    .where('id', '=', id)
    .executeTakeFirstOrThrow(() => new FactorNotFound())

/**
 * Adds a factor that counts once it is confirmed; the one before that was not is gone. The account is locked. Answers it
 * with its seed, which is shown this once. @throws TooManyFactors
 */
export async function insertFactor(tx: Tx, seal: Seal, userId: number, name: string) {
  await tx.deleteFrom('factors').where('user_id', '=', userId).where('confirmed_at', 'is', null).execute()
  const others = await ofAccount(tx, userId).select('id').limit(mostFactors).execute()
  if (others.length >= mostFactors) throw new TooManyFactors()
  const id = randomUUID()
  const seed = newSeed()
  const factor = await tx
    .insertInto('factors')
    .values({
      id,
      user_id: userId,
      kind: 'totp',
      name,
      secret: seal.seal(seed, placeOf(id)),
      created_at: new Date().toISOString()
    })
    .returning(shown)
    .executeTakeFirstOrThrow()
  return { factor, seed }
}

/** Confirms a factor by a code of it, which is spent by that. Answers it. @throws FactorNotFound, WrongCode */
export async function confirmFactor(tx: Tx, seal: Seal, userId: number, id: string, code: string) {
  const row = await ofAccount(tx, userId)
    .select('secret')
    .where('id', '=', id)
    .where('confirmed_at', 'is', null)
    .executeTakeFirstOrThrow(() => new FactorNotFound())
  const step = stepOf(seal.open(row.secret, placeOf(id)), code)
  if (step === undefined) throw new WrongCode()
  const now = new Date().toISOString()
  return tx
    .updateTable('factors')
    .set({ confirmed_at: now, last_used_at: now, last_step: step })
    .where('id', '=', id)
    .where('confirmed_at', 'is', null)
    .returning(shown)
    .executeTakeFirstOrThrow(() => new FactorNotFound())
}

/** Removes a factor of an account; answers what it was. @throws FactorNotFound */
export const deleteFactor = (tx: Tx, userId: number, id: string) =>
  tx
    .deleteFrom('factors')
    .where('user_id', '=', userId)
    .where('id', '=', id)
    .returning(shown)
    .executeTakeFirstOrThrow(() => new FactorNotFound())

/** Takes an account everything that it has beside its password; answers how many factors that were. */
export async function deleteFactors(tx: Tx, userId: number): Promise<number> {
  const deletion = tx.deleteFrom('factors').where('user_id', '=', userId)
  const { numDeletedRows } = await deletion.executeTakeFirstOrThrow()
  const passkeys = await deletePasskeys(tx, userId)
  await deleteCodes(tx, userId)
  touch(tx, 'users', userId)
  return Number(numDeletedRows) + passkeys
}

/** The factor of an account that a code is of, and the step of it; undefined when it is of none. */
export async function findByCode(db: Db, seal: Seal, userId: number, code: string) {
  const rows = await ofAccount(db, userId)
    .select(['id', 'secret'])
    .where('confirmed_at', 'is not', null)
    .execute()
  const steps = rows.map(({ id, secret }) => ({ id, step: stepOf(seal.open(secret, placeOf(id)), code) }))
  return steps.find((found): found is { id: string; step: number } => found.step !== undefined)
}

/**
 * Spends the code of a step, and all before it; of several requests with one code at once one. Answers whether it counted
 * still (RFC 6238, section 5.2).
 */
export async function spendStep(tx: Tx, { id, step }: { id: string; step: number }): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('factors')
    .set({ last_step: step, last_used_at: new Date().toISOString() })
    .where('id', '=', id)
    .where((eb) => eb.or([eb('last_step', 'is', null), eb('last_step', '<', step)]))
    .executeTakeFirstOrThrow()
  return numUpdatedRows > 0n
}
