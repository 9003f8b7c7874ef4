import bcrypt from 'bcryptjs'
import type { Comparison } from './comparison.ts'
import { costOf, hashPassword, verifyPassword } from './scheme.ts'

/** Hashes in a worker thread. @returns a hash with its scheme, cost and salt in it. */
export const hash = ({ password, cost }: { password: string; cost: number }) => hashPassword(password, cost)

/**
 * Compares in a worker thread, at the cost of the hash. A failure goes on to the full cost: to the 2^c rounds of a hash of
 * cost c come those of the costs from c on, 2^c + 2^(c+1) + …, which makes exactly 2^cost.
 */
export function verify({ password, hash, cost }: Comparison): boolean {
  if (verifyPassword(password, hash)) return true
  for (let missing = costOf(hash); missing < cost; missing++) bcrypt.hashSync(password, missing)
  return false
}
