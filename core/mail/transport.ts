import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import nodemailer, { type SendMailOptions } from 'nodemailer'
import type { Config } from '../config/load.ts'
import { folderBeside } from '../vault/kept-secret.ts'

/** A mail as it is handed over. */
export type Letter = Pick<SendMailOptions, 'from' | 'to' | 'subject' | 'text' | 'html' | 'date'> & {
  /** The key in the outbox. */
  id: string
  messageId: string
}

/** What takes mails. */
export interface Transport {
  /** Hands a mail over; says where it is when it is a file. @throws as the mail server or the network has it */
  send(letter: Letter): Promise<string | undefined>
  /** Whether mails would be taken. @throws why not */
  verify(): Promise<unknown>
  close(): void
}

/** What a mail never does: read a file or a URL. */
const closed = { disableFileAccess: true, disableUrlAccess: true }

/** Nobody answers a machine (RFC 3834), nor does Exchange tell it who is on leave. */
const headers = { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' }

const optionsOf = ({ id: _id, ...letter }: Letter): SendMailOptions => ({ ...letter, headers, ...closed })

/** How long a mail server may take for each step, in milliseconds. */
const patience = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000 }

/** Hands mails to the server of MAIL_URL, over one connection that is kept for a while. */
function smtpTransport(url: string, production: boolean): Transport {
  const { protocol, hostname, port, username, password } = new URL(url)
  const secure = protocol === 'smtps:'
  const isNear = ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
  const mailer = nodemailer.createTransport({
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port) || (secure ? 465 : 587),
    secure,
    // A link that opens an account does not cross a network in the clear.
    requireTLS: production && !secure && !isNear,
    ...(username && { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
    pool: true,
    maxConnections: 1,
    ...patience,
    ...closed
  })
  return {
    send: async (letter) => {
      await mailer.sendMail(optionsOf(letter))
      return undefined
    },
    verify: () => mailer.verify(),
    close: () => mailer.close()
  }
}

/** Writes mails into files that their owner alone may read: links in them open accounts. */
function folderTransport(folder: string): Transport {
  const mailer = nodemailer.createTransport({
    streamTransport: true,
    buffer: true,
    newline: 'unix',
    ...closed
  })
  return {
    send: async (letter) => {
      const { message } = await mailer.sendMail(optionsOf(letter))
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      const file = join(folder, `${letter.id}.eml`)
      const draft = `${file}.draft`
      // Whoever watches the folder finds whole mails alone.
      writeFileSync(draft, message as Buffer, { mode: 0o600 })
      renameSync(draft, file)
      return file
    },
    verify: () => Promise.resolve(),
    close: () => undefined
  }
}

/** What takes the mails of this configuration; undefined where they go nowhere. */
export function openTransport(config: Config): Transport | undefined {
  const { MAIL_URL, NODE_ENV, DATABASE_URL } = config
  if (MAIL_URL !== undefined) return smtpTransport(MAIL_URL, NODE_ENV === 'production')
  if (NODE_ENV === 'production') return undefined
  return folderTransport(join(folderBeside(DATABASE_URL) ?? 'data', 'mail'))
}
