import { setTimeout } from 'node:timers/promises'
import type { Config } from '../config/load.ts'
import { publicUrl } from '../config/public-url.ts'
import type { Db, Tx } from '../database/database.ts'
import { write } from '../database/transaction.ts'
import { drawToken, type Purpose } from '../one-time/tokens.ts'
import { linkOf } from './links.ts'
import type { Details, Kind } from './outbox.ts'
import { render } from './render.ts'
import type { Transport } from './transport.ts'

const [second, minute, hour] = [1_000, 60_000, 3_600_000]

/** How long after each try the next one is, in milliseconds; after the last the mail is given up. */
export const pauses = [10 * second, minute, 5 * minute, 30 * minute, 2 * hour, 6 * hour]

/** Mails that are nothing without their link. */
const withLink = new Set<Kind>(['verification', 'undo', 'recovery', 'invitation'])

/** How long a mail server may take for one mail, in milliseconds: shorter than the sender's lease. */
const patience = 45_000

/** Whether there is a mail to send now: a read alone, as most of the time there is none. */
export const isMailDue = async (db: Db, now = Date.now()) =>
  (await db
    .selectFrom('mail_outbox')
    .select('id')
    .where('next_at', '<=', new Date(now).toISOString())
    .limit(1)
    .executeTakeFirst()) !== undefined

/**
 * Takes the mail that has been due for longest, with its link's token, drawn here and stored as a hash; undefined when
 * none is due. From now on the try counts: whoever is killed in the middle of it has made it.
 */
async function claim(tx: Tx, now: number) {
  const mail = await tx
    .selectFrom('mail_outbox')
    .leftJoin('one_time_tokens', 'one_time_tokens.id', 'mail_outbox.token_id')
    .leftJoin('users', 'users.id', 'mail_outbox.user_id')
    .select(['mail_outbox.id', 'mail_outbox.kind', 'mail_outbox.email', 'mail_outbox.locale', 'token_id'])
    .select(['mail_outbox.details', 'mail_outbox.attempts', 'mail_outbox.created_at'])
    .select(['one_time_tokens.purpose', 'users.username'])
    .where('mail_outbox.next_at', '<=', new Date(now).toISOString())
    .orderBy('mail_outbox.next_at')
    .limit(1)
    .executeTakeFirst()
  if (!mail) return undefined
  const pause = pauses[mail.attempts]
  const { numUpdatedRows } = await tx
    .updateTable('mail_outbox')
    .set({
      attempts: mail.attempts + 1,
      next_at: new Date(now + (pause ?? 6 * hour)).toISOString()
    })
    .where('id', '=', mail.id)
    .where('attempts', '=', mail.attempts)
    .executeTakeFirstOrThrow()
  const isMine = numUpdatedRows > 0n
  const { token_id, purpose } = mail
  const token = isMine && token_id && purpose ? await drawToken(tx, token_id, purpose, now) : ''
  return { ...mail, isMine, token, isLast: pause === undefined }
}

type Claimed = NonNullable<Awaited<ReturnType<typeof claim>>>

/** The letter of a mail, to one address and nobody else whatever that looks like. */
function letterOf(config: Config, mail: Claimed, email: string) {
  const { username, purpose, token } = mail
  const { address = '', agent = '' } = JSON.parse(mail.details) as Details
  const url = purpose === null ? '' : linkOf(config, purpose satisfies Purpose, token)
  const facts = { username: username ?? '', email, url, address, agent, createdAt: mail.created_at }
  return {
    ...render({ kind: mail.kind, locale: mail.locale, ...facts }),
    id: mail.id,
    from: config.MAIL_FROM ?? 'Gatehouse <gatehouse@localhost>',
    to: { name: '', address: email },
    date: new Date(mail.created_at),
    // The same for each try: programs that show mails know one that has come twice.
    messageId: `<${mail.id}@${new URL(publicUrl(config)).hostname}>`
  }
}

/** What the mail server says, in one line that fits; it never was told more than the mail. */
const reasonOf = (error: unknown) =>
  (error instanceof Error ? error.message : String(error)).replace(/\p{Cc}+/gu, ' ').slice(0, 300)

/** The mail server refuses this mail for good (RFC 5321, section 4.2.1); a refused sign-in is no fault of the mail. */
const isRefused = (error: unknown) =>
  error instanceof Error &&
  'responseCode' in error &&
  Number(error.responseCode) >= 500 &&
  'command' in error &&
  /^(RCPT TO|DATA)/.test(String(error.command))

/** What came of a try: sent, to be tried again, or given up. */
const settle = (db: Db, id: string, outcome: object) =>
  write(db, (tx) => tx.updateTable('mail_outbox').set(outcome).where('id', '=', id).execute())

/** Hands a mail over in time. @throws as the transport does, or when it takes too long */
async function hand(transport: Transport, letter: ReturnType<typeof letterOf>) {
  const done = new AbortController()
  const late = setTimeout(patience, undefined, { signal: done.signal, ref: false }).then(() => {
    throw new Error(`The mail server did not answer in ${patience / second} seconds`)
  })
  late.catch(() => undefined)
  try {
    return await Promise.race([transport.send(letter), late])
  } finally {
    done.abort()
  }
}

/** What came of a mail, for the log: its key and kind, and never whom it is for. */
export interface Delivery {
  id: string
  kind: string
  outcome: 'sent' | 'failed' | 'waiting' | 'nobody' | 'taken'
  file?: string
  reason?: string
}

/** Sends the mail that has been due for longest; undefined when none is due. */
export async function deliverNext(
  db: Db,
  config: Config,
  transport: Transport
): Promise<Delivery | undefined> {
  const mail = await write(db, (tx) => claim(tx, Date.now()))
  if (!mail) return undefined
  const { id, kind, email } = mail
  if (!mail.isMine) return { id, kind, outcome: 'taken' }
  if (email === null || (mail.purpose === null && withLink.has(kind))) {
    // Asked for by a stranger in the name of nobody, which was written so that it took no less time; or its link is
    // needed no more.
    await write(db, async (tx) => {
      await tx.deleteFrom('mail_outbox').where('id', '=', id).execute()
      if (mail.token_id) await tx.deleteFrom('one_time_tokens').where('id', '=', mail.token_id).execute()
    })
    return { id, kind, outcome: 'nobody' }
  }
  try {
    const file = await hand(transport, letterOf(config, mail, email))
    await settle(db, id, { next_at: null, sent_at: new Date().toISOString(), error: null })
    return { id, kind, outcome: 'sent', ...(file !== undefined && { file }) }
  } catch (error) {
    const reason = reasonOf(error)
    const isOver = mail.isLast || isRefused(error)
    const end = { next_at: null, failed_at: new Date().toISOString() }
    await settle(db, id, { error: reason, ...(isOver && end) })
    return { id, kind, outcome: isOver ? 'failed' : 'waiting', reason }
  }
}
