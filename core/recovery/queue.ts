import type { Static } from '@sinclair/typebox'
import type { Locale } from '../../schemas/mail.ts'
import type { Tx } from '../database/database.ts'
import type { Address } from '../mail/address.ts'
import { queueMail } from '../mail/outbox.ts'
import { issueToken, withdrawTokens } from '../one-time/tokens.ts'

/** Who is sent the link to a new password, at a verified address. */
export interface Recipient extends Address {
  id: number
  locale: Static<typeof Locale>
}

/**
 * Sends an account the link to a new password; the one before is good no more. For nobody, who is not there or has no
 * address, the same is written, to nobody.
 */
export async function queueRecovery(tx: Tx, recipient: Recipient | undefined) {
  const { id: userId = null, locale = 'en', email = '', email_key = '' } = recipient ?? {}
  // No account has the id 0.
  await withdrawTokens(tx, userId ?? 0, ['recovery'])
  const token = await issueToken(tx, { purpose: 'recovery', userId, email, email_key })
  await queueMail(tx, { kind: 'recovery', email: email || null, userId, tokenId: token.id, locale })
}
