import type { FastifyRequest } from 'fastify'
import { createHash } from 'node:crypto'
import { usernameKey } from '../accounts/usernames.ts'
import { recordAudit } from '../audit/record.ts'
import type { Db, Tx } from '../database/database.ts'
import { decideAlone } from '../database/locks.ts'
import { addressKey } from '../mail/address.ts'
import { steadyRate } from '../throttle/policies.ts'
import { readTally, writeTally } from '../throttle/tallies.ts'
import { queueRecovery, type Recipient } from './queue.ts'

/** How many mails one recipient is sent: three, and from then on three an hour. */
const perRecipient = steadyRate({ burst: 3, every: 1_200_000 })

const accounts = (db: Db) =>
  db
    .selectFrom('users')
    .select(['id', 'username', 'status', 'locale', 'email', 'email_key', 'email_verified_at'])

/** The account of a verified address or else of a username; both are looked for, whatever was typed. */
async function findAccount(tx: Tx, name: string) {
  const byAddress = await accounts(tx)
    .where('email_key', '=', addressKey(name) ?? '')
    .where('email_verified_at', 'is not', null)
    .executeTakeFirst()
  const byName = await accounts(tx).where('username_key', '=', usernameKey(name)).executeTakeFirst()
  return byAddress ?? byName
}

/** Counts a mail to a recipient, who may be nobody; answers whether it may be sent. */
async function mayBeSent(tx: Tx, subject: string, now: number): Promise<boolean> {
  await decideAlone(tx, subject)
  const key = { subject, source: 'mail' }
  const tally = await readTally(tx, key, now)
  const may = perRecipient.wait(tally, now) === 0
  await writeTally(tx, key, may ? perRecipient.hold(tally, now) : tally, now)
  return may
}

/**
 * Sends the account of a username or a verified address the link to a new password. Known or not, reachable or not,
 * within the limit or not: the same queries run and the same rows are written, so that neither the answer nor its time
 * tells which (OWASP ASVS 6.3.8).
 */
export async function requestRecovery(tx: Tx, request: FastifyRequest, name: string) {
  const account = await findAccount(tx, name)
  // What was typed is hashed: it may be a password.
  const recipient = account
    ? `account:${account.id}`
    : `name:${createHash('sha256').update(usernameKey(name)).digest('base64url')}`
  const may = await mayBeSent(tx, `recovery ${recipient}`, Date.now())
  await queueRecovery(tx, may ? reachable(account) : undefined)
  await recordAudit(tx, request, {
    action: 'recovery.request',
    target: account ? `user:${account.id}` : null
  })
}

/** An account as a recipient, when it is active and has a verified address. */
function reachable(account: Awaited<ReturnType<typeof findAccount>>): Recipient | undefined {
  if (account?.status !== 'active' || account.email_verified_at === null) return undefined
  const { id, locale, email, email_key } = account
  return email === null || email_key === null ? undefined : { id, locale, email, email_key }
}
