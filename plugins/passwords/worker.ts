import bcrypt from 'bcryptjs'

/** Hashes in a worker thread. @returns a bcrypt hash with its cost and salt in it. */
export const hash = ({ password, cost }: { password: string; cost: number }) =>
  bcrypt.hashSync(password, cost)

/** Compares in a worker thread, at the cost of the hash. */
export const verify = ({ password, hash }: { password: string; hash: string }) =>
  bcrypt.compareSync(password, hash)
