import { createHash, randomBytes } from 'node:crypto'
import type { Db, Tx } from '../database/database.ts'

/** So many an account is given at once. */
const count = 10

/** Crockford's base32: no letter that looks like a digit. */
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

/** 120 bits: nobody guesses one, so that a fast hash does (OWASP ASVS 6.5.2). In groups, to be copied by hand. */
function newCode() {
  const characters = [...randomBytes(24)].map((byte) => alphabet[byte & 31] ?? '').join('')
  return characters.match(/.{6}/g)?.join('-') ?? ''
}

/** A code as it was typed, as it was shown: case, spaces and dashes do not matter, nor what looks alike. */
const normalized = (code: string) =>
  code.toUpperCase().replace(/[\s-]/g, '').replace(/O/g, '0').replace(/[IL]/g, '1')

const hashOf = (code: string) => createHash('sha256').update(normalized(code)).digest('base64url')

const ofAccount = (tx: Tx, userId: number) => tx.deleteFrom('recovery_codes').where('user_id', '=', userId)

/** Gives an account new codes; those before count no more. They are shown this once. */
export async function renewCodes(tx: Tx, userId: number): Promise<string[]> {
  await ofAccount(tx, userId).execute()
  const codes = Array.from({ length: count }, newCode)
  const rows = codes.map((code) => ({ hash: hashOf(code), user_id: userId }))
  await tx.insertInto('recovery_codes').values(rows).execute()
  return codes
}

/** Takes an account its codes. */
export const deleteCodes = (tx: Tx, userId: number) => ofAccount(tx, userId).execute()

/** How many codes an account has left. */
export async function countCodes(db: Db, userId: number): Promise<number> {
  const query = db.selectFrom('recovery_codes').select(({ fn }) => fn.countAll().as('count'))
  return Number((await query.where('user_id', '=', userId).executeTakeFirstOrThrow()).count)
}

/** Spends a code of an account: of several at once one. Answers whether it was one. */
export async function spendCode(tx: Tx, userId: number, code: string): Promise<boolean> {
  const deletion = await ofAccount(tx, userId).where('hash', '=', hashOf(code)).executeTakeFirstOrThrow()
  return deletion.numDeletedRows > 0n
}
