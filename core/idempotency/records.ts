import type { Db, Tx } from '../database/database.ts'
import { defineProblem } from '../problems/define.ts'
import { type IdempotencyKey, openFor, sealFor } from './key.ts'

export const IdempotencyKeyReused = defineProblem(
  'IDEMPOTENCY_KEY_REUSED',
  422,
  'Idempotency-Key used before',
  {
    detail: 'Another request was sent with this Idempotency-Key. Choose a new one.',
    about:
      'A key stands for one request: its path, its If-Match and its body. Within a day another request needs another key. Nothing was changed.'
  }
)

/** An answer as it was sent: headers of the connection, the budget and the request not among them. */
export interface KeptAnswer {
  status: number
  headers: Record<string, string>
  /** Undefined where the answer has no body. */
  body?: string | undefined
}

/** How long an answer is kept, in milliseconds. */
const keptFor = 86_400_000

const columns = ['fingerprint', 'answer'] as const

/** @throws IdempotencyKeyReused when it is the answer to another request */
function openAnswer(key: IdempotencyKey, row: { fingerprint: string; answer: string }): KeptAnswer {
  if (row.fingerprint !== key.fingerprint) throw new IdempotencyKeyReused()
  return JSON.parse(openFor(key, row.answer)) as KeptAnswer
}

/** The answer that is kept for a key, or undefined. @throws IdempotencyKeyReused */
export async function findAnswer(db: Db, key: IdempotencyKey): Promise<KeptAnswer | undefined> {
  const row = await db
    .selectFrom('idempotency')
    .select(columns)
    .where('key_hash', '=', key.hash)
    .where('expires_at', '>', new Date().toISOString())
    .executeTakeFirst()
  return row && openAnswer(key, row)
}

/**
 * Takes a key for this transaction: undefined when it is ours now, or else the answer that was given for it. Of two at
 * once the second waits for the first, and goes on itself when that was rolled back. @throws IdempotencyKeyReused
 */
export async function claimKey(tx: Tx, key: IdempotencyKey): Promise<KeptAnswer | undefined> {
  const now = Date.now()
  const { hash: key_hash, fingerprint } = key
  const claimed = await tx
    .insertInto('idempotency')
    .values({ key_hash, fingerprint, answer: '', expires_at: new Date(now + keptFor).toISOString() })
    .onConflict((conflict) =>
      conflict
        .column('key_hash')
        .doUpdateSet((expression) => ({
          fingerprint: expression.ref('excluded.fingerprint'),
          answer: '',
          expires_at: expression.ref('excluded.expires_at')
        }))
        .where('idempotency.expires_at', '<=', new Date(now).toISOString())
    )
    .returning('key_hash')
    .executeTakeFirst()
  return claimed ? undefined : findAnswer(tx, key)
}

/** Keeps the answer to the request whose key this transaction has taken. */
export const keepAnswer = (tx: Tx, key: IdempotencyKey, answer: KeptAnswer) =>
  tx
    .updateTable('idempotency')
    .set({ answer: sealFor(key, JSON.stringify(answer)) })
    .where('key_hash', '=', key.hash)
    .execute()
