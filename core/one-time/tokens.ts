import { createHash, randomBytes, randomUUID } from 'node:crypto'
import type { Static } from '@sinclair/typebox'
import type { OneTimeTokenRow, tokenPurposes } from '../../schemas/mail.ts'
import type { Db, Tx } from '../database/database.ts'
import type { Address } from '../mail/address.ts'
import { defineProblem } from '../problems/define.ts'

export const LinkInvalid = defineProblem('LINK_INVALID', 400, 'The link is no longer good', {
  detail: 'The link is unknown, used or expired. Ask for a new one.',
  about: 'A link from a mail is good once, for a while, until a newer one of its kind is asked for.'
})

export type Purpose = (typeof tokenPurposes)[number]

const hour = 3_600_000
const day = 24 * hour

/** How long a link is good once it is sent, in milliseconds. */
export const lifetimes: Record<Purpose, number> = {
  verification: day,
  undo: 7 * day,
  recovery: hour,
  invitation: 7 * day
}

/** How long a mail may wait to be sent, in milliseconds. */
const unsent = day

/** Only this is stored: what is random needs no slow hash. */
const hashOf = (token: string) => createHash('sha256').update(token).digest('base64url')

interface Issue extends Address {
  purpose: Purpose
  userId: number | null
  role?: string
  invitedBy?: number
}

/** Makes room for a token, which is drawn when the mail is sent. Answers its row. */
export function issueToken(tx: Tx, { purpose, userId, email, email_key, role, invitedBy }: Issue) {
  const now = Date.now()
  return tx
    .insertInto('one_time_tokens')
    .values({
      id: randomUUID(),
      purpose,
      user_id: userId,
      email,
      email_key,
      role: role ?? null,
      invited_by: invitedBy ?? null,
      created_at: new Date(now).toISOString(),
      expires_at: new Date(now + lifetimes[purpose] + unsent).toISOString()
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

/**
 * Draws the token that a mail is sent with, 256 bits, and lets it live from now on. The one of the try before goes on
 * working: that mail may have come too, and of two with one Message-ID programs show only one.
 */
export async function drawToken(tx: Tx, id: string, purpose: Purpose, now: number): Promise<string> {
  const token = randomBytes(32).toString('base64url')
  await tx
    .updateTable('one_time_tokens')
    .set((eb) => ({
      prior_hash: eb.ref('hash'),
      hash: hashOf(token),
      expires_at: new Date(now + lifetimes[purpose]).toISOString()
    }))
    .where('id', '=', id)
    .execute()
  return token
}

/** What a token is good for, or that it is not. @throws LinkInvalid */
export async function findToken(db: Db, purpose: Purpose, token: string) {
  const hash = hashOf(token)
  return db
    .selectFrom('one_time_tokens')
    .selectAll()
    .where((eb) => eb.or([eb('hash', '=', hash), eb('prior_hash', '=', hash)]))
    .where('purpose', '=', purpose)
    .where('expires_at', '>', new Date().toISOString())
    .executeTakeFirstOrThrow(() => new LinkInvalid())
}

/** Spends a token that findToken has found: of several at once one. @throws LinkInvalid */
export async function spendToken(tx: Tx, { id }: { id: string }) {
  const row = await tx
    .deleteFrom('one_time_tokens')
    .where('id', '=', id)
    .where('expires_at', '>', new Date().toISOString())
    .returning('id')
    .executeTakeFirst()
  if (!row) throw new LinkInvalid()
}

/** The address that an account has asked for and not confirmed yet, or null. */
export async function pendingAddress(db: Db, userId: number): Promise<string | null> {
  const token = await db
    .selectFrom('one_time_tokens')
    .select('email')
    .where('user_id', '=', userId)
    .where('purpose', '=', 'verification')
    .where('expires_at', '>', new Date().toISOString())
    .executeTakeFirst()
  return token?.email ?? null
}

/** Withdraws the tokens of an account for these purposes, and the mails that were to bring them. */
export const withdrawTokens = (tx: Tx, userId: number, purposes: readonly Purpose[]) =>
  tx.deleteFrom('one_time_tokens').where('user_id', '=', userId).where('purpose', 'in', purposes).execute()

export type TokenRow = Static<typeof OneTimeTokenRow>
