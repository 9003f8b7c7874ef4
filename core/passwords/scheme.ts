import bcrypt from 'bcryptjs'
import { createHmac } from 'node:crypto'

/**
 * How the hash of a long password is stored: bcrypt ignores what comes after 72 bytes, so it is given an HMAC of the
 * password. The salt is the key of that, so that no hash from elsewhere can be tried on it. The form is passlib's
 * `bcrypt_sha256`, version 2.
 */
const long = /^\$bcrypt-sha256\$v=2,t=2b,r=(\d{1,2})\$([./A-Za-z0-9]{22})\$([./A-Za-z0-9]{31})$/

const short = /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/

/** Whether a text is a hash of ours. */
export const isHash = (text: string) => short.test(text) || long.test(text)

/** What bcrypt hashes in place of a long password: 44 letters. */
const digestOf = (password: string, salt: string) =>
  createHmac('sha256', salt).update(password).digest('base64')

/** The hash of a password at this cost: plain bcrypt where that reads all of it. */
export function hashPassword(password: string, cost: number): string {
  if (!bcrypt.truncates(password)) return bcrypt.hashSync(password, cost)
  const prefix = bcrypt.genSaltSync(cost)
  const salt = prefix.slice(-22)
  const digest = bcrypt.hashSync(digestOf(password, salt), prefix).slice(prefix.length)
  return `$bcrypt-sha256$v=2,t=2b,r=${cost}$${salt}$${digest}`
}

/** Whether a password has this hash, after the work that the hash takes. No long password has a plain bcrypt hash. */
export function verifyPassword(password: string, hash: string): boolean {
  const [whole, cost = '', salt = '', digest = ''] = long.exec(hash) ?? []
  if (whole === undefined) return bcrypt.compareSync(password, hash) && !bcrypt.truncates(password)
  return bcrypt.compareSync(digestOf(password, salt), `$2b$${cost.padStart(2, '0')}$${salt}${digest}`)
}

/** The cost of a hash. */
export const costOf = (hash: string) => Number(long.exec(hash)?.[1] ?? bcrypt.getRounds(hash))

/** Stands where a hash does and is none: no password has it, and comparing with it takes as long as with a hash. */
export const noHash = '!'
