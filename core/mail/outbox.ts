import type { Static } from '@sinclair/typebox'
import { randomUUID } from 'node:crypto'
import type { Locale, MailKind } from '../../schemas/mail.ts'
import { touch } from '../changes/touched.ts'
import type { Config } from '../config/load.ts'
import type { Db, Tx } from '../database/database.ts'
import { pageOf, type PageQuery } from '../paging/page.ts'
import { defineProblem } from '../problems/define.ts'

export const MailNotConfigured = defineProblem('MAIL_NOT_CONFIGURED', 503, 'No mail here', {
  detail: 'This server sends no mail. Ask whoever runs it.',
  about: 'What was asked for needs a mail, and the operator has not set MAIL_URL. Nothing was changed.'
})

export type Kind = Static<typeof MailKind>

/** What its owner is told of an account. */
type Notice = Exclude<Kind, 'verification' | 'undo' | 'recovery' | 'invitation' | 'test'>

/** What a mail says beside names: nothing secret. */
export interface Details {
  /** Where a sign-in came from, and with what. */
  address?: string
  agent?: string
}

type MailConfig = Pick<Config, 'MAIL_URL' | 'NODE_ENV' | 'MAIL_NOTICES'>

/** Whether mails go anywhere: to a mail server, or in development into files. */
export const hasMail = ({ MAIL_URL, NODE_ENV }: Pick<Config, 'MAIL_URL' | 'NODE_ENV'>) =>
  MAIL_URL !== undefined || NODE_ENV !== 'production'

/** @throws MailNotConfigured where mails go nowhere */
export function requireMail(config: MailConfig) {
  if (!hasMail(config)) throw new MailNotConfigured().with({ headers: { 'retry-after': '3600' } })
}

/** The columns of a mail that waits to be sent. */
function waiting(tx: Tx, kind: Kind, details: Details = {}) {
  const id = randomUUID()
  const now = new Date().toISOString()
  touch(tx, 'mail_outbox', id)
  return { id, kind, details: JSON.stringify(details), created_at: now, next_at: now }
}

interface NewMail {
  kind: Kind
  /** To whom; null is to nobody, as an account that is not there or has no address. */
  email: string | null
  userId: number | null
  tokenId?: string
  locale: Static<typeof Locale>
}

/** Puts a mail into the outbox, in the transaction of what it is about. Answers its id. */
export async function queueMail(tx: Tx, { kind, email, userId, tokenId, locale }: NewMail): Promise<string> {
  const mail = waiting(tx, kind)
  await tx
    .insertInto('mail_outbox')
    .values({ ...mail, email, user_id: userId, token_id: tokenId ?? null, locale })
    .execute()
  return mail.id
}

/** Tells the owner of an account of something, where the account has a verified address and the operator wants it. */
export async function queueNotice(
  tx: Tx,
  config: MailConfig,
  userId: number,
  kind: Notice,
  details: Details = {}
) {
  if (config.MAIL_NOTICES === 'off' || !hasMail(config)) return
  const user = await tx
    .selectFrom('users')
    .select(['email', 'locale'])
    .where('id', '=', userId)
    .where('email_verified_at', 'is not', null)
    .executeTakeFirst()
  if (!user) return
  await tx
    .insertInto('mail_outbox')
    .values({ ...waiting(tx, kind, details), ...user, user_id: userId })
    .execute()
}

const columns = [
  'id',
  'kind',
  'user_id',
  'email',
  'locale',
  'attempts',
  'created_at',
  'next_at',
  'sent_at',
  'failed_at',
  'error'
] as const

/** Which mails to list: those that wait, were sent, or were given up. */
export type MailState = 'waiting' | 'sent' | 'failed'

const columnOf = { waiting: 'next_at', sent: 'sent_at', failed: 'failed_at' } as const

/** A page of mails, newest first. @throws CursorRefused */
export async function listMails(db: Db, { state, ...page }: PageQuery & { state?: MailState }) {
  let query = db.selectFrom('mail_outbox').select(columns)
  if (state !== undefined) query = query.where(columnOf[state], 'is not', null)
  const { rows, next_cursor } = await pageOf(query, page, { created_at: 'instant', id: 'text' }, 'desc')
  return { mails: rows, next_cursor }
}
