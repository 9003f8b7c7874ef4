import type { FastifyRequest } from 'fastify'
import { recordAudit } from '../audit/record.ts'
import type { Tx } from '../database/database.ts'
import { dropFactorsSince } from '../factors/consequences.ts'
import { dropKeysSince } from '../keys/drop.ts'
import type { Address } from '../mail/address.ts'
import { queueMail } from '../mail/outbox.ts'
import { findToken, issueToken, LinkInvalid, spendToken, withdrawTokens } from '../one-time/tokens.ts'
import { noHash } from '../passwords/scheme.ts'
import { queueRecovery } from '../recovery/queue.ts'
import { endSessions } from '../sessions/session-queries.ts'
import { updateUser } from './users.ts'

/** An account with its verified address, which nobody changes before the transaction ends; undefined when it is gone. */
export const lockWithAddress = (tx: Tx, id: number) =>
  tx
    .selectFrom('users')
    .select(['id', 'username', 'status', 'email', 'email_key', 'email_verified_at', 'locale'])
    .where('id', '=', id)
    .forUpdate()
    .executeTakeFirst()

type Account = NonNullable<Awaited<ReturnType<typeof lockWithAddress>>>

/** The address that mail of an account goes to, or undefined. */
export const verifiedAddress = ({ email, email_key, email_verified_at }: Account): Address | undefined =>
  email !== null && email_key !== null && email_verified_at !== null ? { email, email_key } : undefined

/** Sends the address that an account has the way to keep it. */
async function warnOldAddress(tx: Tx, account: Account) {
  const old = verifiedAddress(account)
  if (!old) return
  const { id: userId, locale } = account
  const { id: tokenId, email } = await issueToken(tx, { purpose: 'undo', userId, ...old })
  await queueMail(tx, { kind: 'undo', email, userId, tokenId, locale })
}

/**
 * Asks the owner of an address to confirm it; nothing else changes before that. The address that the account has is
 * told, with a way back. Another account's address is treated the same: only its owner learns more.
 */
export async function requestAddress(tx: Tx, request: FastifyRequest, account: Account, address: Address) {
  const { id: userId, locale } = account
  await withdrawTokens(tx, userId, ['verification'])
  const { id: tokenId, email } = await issueToken(tx, { purpose: 'verification', userId, ...address })
  await queueMail(tx, { kind: 'verification', email, userId, tokenId, locale })
  await warnOldAddress(tx, account)
  await recordAudit(tx, request, { action: 'email.request', target: `user:${userId}`, changes: { email } })
}

/** Takes the address from an account; it is told, with a way back. */
export async function removeAddress(tx: Tx, request: FastifyRequest, account: Account) {
  await warnOldAddress(tx, account)
  await withdrawTokens(tx, account.id, ['verification', 'recovery'])
  await updateUser(tx, account.id, { email: null, email_key: null, email_verified_at: null })
  await recordAudit(tx, request, { action: 'email.delete', target: `user:${account.id}` })
}

/** Gives an account an address that has been shown to be its owner's. @throws EmailTaken */
const setAddress = (tx: Tx, userId: number, { email, email_key }: Address) =>
  updateUser(tx, userId, { email, email_key, email_verified_at: new Date().toISOString() })

/** The account of a token; both are locked, in the order of all transactions. @throws LinkInvalid */
async function lockOwner(tx: Tx, token: { id: string; user_id: number | null }) {
  const account = await lockWithAddress(tx, token.user_id ?? 0)
  if (!account) throw new LinkInvalid()
  await spendToken(tx, token)
  return account
}

/** Confirms an address by the token that was sent there. @throws LinkInvalid, EmailTaken */
export async function confirmAddress(tx: Tx, request: FastifyRequest, text: string) {
  const token = await findToken(tx, 'verification', text)
  const account = await lockOwner(tx, token)
  await setAddress(tx, account.id, token)
  // They were sent to the address before.
  await withdrawTokens(tx, account.id, ['verification', 'recovery'])
  const changes = { email: token.email }
  await recordAudit(tx, request, {
    action: 'email.verify',
    target: `user:${account.id}`,
    actor: account,
    before: { email: account.email },
    changes
  })
}

/**
 * Gives an account back an address that was changed or removed, or calls the change off, by the token that was sent
 * there. Whoever has asked for the change knows the password and has a session: neither counts any more, and the address
 * is sent the link to a new password. @throws LinkInvalid, EmailTaken
 */
export async function undoAddress(tx: Tx, request: FastifyRequest, text: string) {
  const token = await findToken(tx, 'undo', text)
  const account = await lockOwner(tx, token)
  const { id } = account
  await setAddress(tx, id, token)
  await updateUser(tx, id, { password_hash: noHash })
  await endSessions(tx, id)
  // Factors and keys from before may be the owner's, and an address alone does not take those away.
  await dropFactorsSince(tx, id, token.created_at)
  await dropKeysSince(tx, id, token.created_at)
  await withdrawTokens(tx, id, ['verification', 'recovery'])
  // The ways back to addresses that came later are whoever's this undoes; those to earlier ones stay.
  await tx
    .deleteFrom('one_time_tokens')
    .where('user_id', '=', id)
    .where('purpose', '=', 'undo')
    .where('created_at', '>=', token.created_at)
    .execute()
  const { email, email_key } = token
  if (account.status === 'active') await queueRecovery(tx, { ...account, email, email_key })
  await recordAudit(tx, request, {
    action: 'email.undo',
    target: `user:${id}`,
    actor: account,
    before: { email: account.email },
    changes: { email }
  })
}
