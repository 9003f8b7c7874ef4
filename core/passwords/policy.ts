import common from '@zxcvbn-ts/language-common'
import { defineProblem } from '../problems/define.ts'
import { usernameKey } from '../accounts/usernames.ts'

export const PasswordRefused = defineProblem('PASSWORD_REFUSED', 400, 'Password not accepted', {
  detail: 'The password %s.',
  about:
    'A new password has 8 to 256 characters, is none of the most common ones and does not contain the username. Any characters will do.'
})

/** Some 49,000 passwords from leaks, in lower case. */
const commonPasswords = new Set(common.dictionary['passwords'])

/** What is wrong with the length of a password: how a sentence about it goes on; or undefined. */
export function lengthFault(password: string): string | undefined {
  const { length } = Array.from(password)
  if (length < 8) return 'is shorter than 8 characters'
  return length > 256 ? 'is longer than 256 characters' : undefined
}

/** What is wrong with a new password (NIST SP 800-63B, section 3.1.1.2), in the same way. */
export function passwordFault(password: string, username: string): string | undefined {
  const fault = lengthFault(password)
  if (fault !== undefined) return fault
  const plain = password.toLowerCase()
  if (commonPasswords.has(plain)) return 'is one of the most common ones'
  return usernameKey(plain).includes(usernameKey(username)) ? 'contains the username' : undefined
}

/** Lets a new password pass. @throws PasswordRefused */
export function checkNewPassword(password: string, username: string) {
  const fault = passwordFault(password, username)
  if (fault !== undefined) throw new PasswordRefused(fault)
}
