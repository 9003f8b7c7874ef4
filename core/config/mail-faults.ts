import type { Config } from './environment.ts'

/** What is missing for mails to be sent: each entry names its variable. */
export function mailFaults({ MAIL_URL, MAIL_FROM, NODE_ENV, PUBLIC_URL }: Config): string[] {
  if (MAIL_URL === undefined) return []
  const found: string[] = []
  if (MAIL_FROM === undefined) found.push('MAIL_FROM must be set with MAIL_URL: whom mails are from')
  if (NODE_ENV === 'production' && PUBLIC_URL === undefined)
    found.push('PUBLIC_URL must be set with MAIL_URL in production: links in mails lead there')
  return found
}
