import { domainToASCII } from 'node:url'
import { defineProblem } from '../problems/define.ts'

export const EmailRefused = defineProblem('EMAIL_REFUSED', 400, 'Address not accepted', {
  detail: 'This is no address that mail can be sent to.',
  about:
    'An address has one @, something on both sides of it, a domain that there can be, no spaces and controls, and at most 254 characters.'
})

/** What RFC 5321 allows without quotes, and letters of other scripts (RFC 6531): neither quotes nor comments, neither spaces nor controls. */
const localForm = /^[\p{L}\p{M}\p{N}!#$%&'*+/=?^_`{|}~.-]{1,64}$/u
const domainForm = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]*[a-z][a-z0-9-]*$/

/** An address, and what makes it one account's: its form without case. */
export interface Address {
  email: string
  email_key: string
}

/**
 * Reads an address. The domain is kept in ASCII, as the mail is sent there. The local part is kept as it is: in NFKC
 * two mailboxes could become one, or a letter become an @. @throws EmailRefused
 */
export function readAddress(text: string): Address {
  const [local = '', name = '', ...more] = text.split('@')
  const domain = domainToASCII(name)
  const email = `${local}@${domain}`
  const fits =
    more.length === 0 &&
    localForm.test(local) &&
    !/^\.|\.\.|\.$/.test(local) &&
    domainForm.test(domain) &&
    Buffer.byteLength(email) <= 254
  if (!fits) throw new EmailRefused()
  return { email, email_key: email.toLowerCase() }
}

/** What an address is found by, or undefined for a text that is none. */
export function addressKey(text: string): string | undefined {
  try {
    return readAddress(text).email_key
  } catch {
    return undefined
  }
}
