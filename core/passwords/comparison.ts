import bcrypt from 'bcryptjs'
import { costOf, isHash } from './scheme.ts'

/** What a thread does to compare a password. */
export interface Comparison {
  password: string
  /** A hash of any cost. */
  hash: string
  /** The cost of a failure, whatever that of the hash. */
  cost: number
}

/**
 * Makes the function that says how a password is compared with a hash, so that nobody learns from a failure whether there
 * was one: a name without an account, a hash of an older, lower cost and one of `cost` all take the same work. So does one of
 * a higher cost (the cost was lowered, or hashes come from elsewhere), from the first on that this process meets.
 */
export function comparisons(cost: number) {
  // Shaped like a hash, so that comparing with it takes as long and always says no.
  const nobody = bcrypt.genSaltSync(cost) + '.'.repeat(31)
  let highest = cost
  return (password: string, known: string | undefined): Comparison => {
    const hash = known !== undefined && isHash(known) ? known : nobody
    highest = Math.max(highest, costOf(hash))
    return { password, hash, cost: highest }
  }
}
