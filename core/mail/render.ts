import type { Static } from '@sinclair/typebox'
import type { Locale } from '../../schemas/mail.ts'
import { de, instants as germanInstants } from './messages/de.ts'
import { en, instants as englishInstants } from './messages/en.ts'
import type { Facts, Message } from './messages/message.ts'
import type { Kind } from './outbox.ts'

const messages = { en, de }
const instants = { en: englishInstants, de: germanInstants }

const entities: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;'
}

const escape = (text: string) => text.replace(/[&<>"']/g, (character) => entities[character] ?? '')

/** A text on one line, without controls and without what turns the direction of writing. */
const oneLine = (text: string) => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')

const textOf = ({ paragraphs: [first = '', ...others], link }: Message, url: string) =>
  [first, ...(link === undefined ? [] : [`${link}:\n${url}`]), ...others].join('\n\n') + '\n'

function htmlOf(
  { subject, paragraphs: [first = '', ...others], link }: Message,
  url: string,
  locale: string
) {
  const paragraph = (html: string) => `<p>${html}</p>`
  const body = [
    paragraph(escape(first)),
    ...(link === undefined ? [] : [paragraph(`<a href="${escape(url)}">${escape(link)}</a>`)]),
    ...others.map((text) => paragraph(escape(text)))
  ]
  return `<!doctype html><html lang="${locale}"><meta charset="utf-8"><title>${escape(subject)}</title><body>${body.join('')}</body></html>`
}

/** What is known of a mail when it is sent. */
export interface Known extends Omit<Facts, 'at'> {
  kind: Kind
  locale: Static<typeof Locale>
  /** RFC 3339. */
  createdAt: string
}

/** A mail in the words of its language, as plain text and as HTML. */
export function render({ kind, locale, createdAt, ...facts }: Known) {
  const clean = {
    username: oneLine(facts.username),
    email: oneLine(facts.email),
    url: facts.url,
    at: instants[locale].format(new Date(createdAt)),
    address: oneLine(facts.address),
    agent: oneLine(facts.agent)
  }
  const message = messages[locale][kind](clean)
  return {
    subject: message.subject,
    text: textOf(message, facts.url),
    html: htmlOf(message, facts.url, locale)
  }
}
