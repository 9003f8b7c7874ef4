import type { Tx } from '../database/database.ts'
import { noAttempts, type Tally } from './policies.ts'

/** Against which account, and from where: one network, or many together. */
export interface TallyKey {
  subject: string
  source: string
}

const instant = (milliseconds: number) => new Date(milliseconds).toISOString()

/** What is remembered, or that nothing is. */
export async function readTally(tx: Tx, { subject, source }: TallyKey, now: number): Promise<Tally> {
  const row = await tx
    .selectFrom('sign_in_attempts')
    .selectAll()
    .where('subject', '=', subject)
    .where('source', '=', source)
    .where('expires_at', '>', instant(now))
    .executeTakeFirst()
  if (!row) return noAttempts
  return {
    failures: row.failures,
    held: row.held,
    heldUntil: Date.parse(row.held_until),
    nextAt: Date.parse(row.next_at),
    expiresAt: Date.parse(row.expires_at)
  }
}

/** Remembers a tally for as long as anything of it counts. */
export async function writeTally(tx: Tx, { subject, source }: TallyKey, tally: Tally, now: number) {
  if (tally.expiresAt <= now) {
    const deletion = tx.deleteFrom('sign_in_attempts').where('subject', '=', subject)
    await deletion.where('source', '=', source).execute()
    return
  }
  const row = {
    failures: tally.failures,
    held: tally.held,
    held_until: instant(tally.heldUntil),
    next_at: instant(tally.nextAt),
    expires_at: instant(tally.expiresAt)
  }
  await tx
    .insertInto('sign_in_attempts')
    .values({ subject, source, ...row })
    .onConflict((conflict) => conflict.columns(['subject', 'source']).doUpdateSet(row))
    .execute()
}

/** Forgets everything against an account. */
export const deleteTallies = (tx: Tx, subjects: readonly string[]) =>
  tx.deleteFrom('sign_in_attempts').where('subject', 'in', subjects).execute()
