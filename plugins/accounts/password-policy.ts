import common from '@zxcvbn-ts/language-common'
import bcrypt from 'bcryptjs'
import { defineProblem } from '../../schemas/problems.ts'
import { usernameKey } from './usernames.ts'

export const PasswordRefused = defineProblem('PASSWORD_REFUSED', 400, 'Password not accepted', {
  detail: 'The password %s.',
  about:
    'A new password has 8 to 72 bytes in UTF-8, is none of the most common ones and does not contain the username. Any characters will do.'
})

/** Some 49,000 passwords from leaks, in lower case. */
const commonPasswords = new Set(common.dictionary['passwords'])

/** Lets a new password pass, or says why not (NIST SP 800-63B, section 3.1.1.2). @throws PasswordRefused */
export function checkNewPassword(password: string, username: string) {
  if (Array.from(password).length < 8) throw new PasswordRefused('is shorter than 8 characters')
  if (bcrypt.truncates(password)) throw new PasswordRefused('is longer than 72 bytes in UTF-8')
  const plain = password.toLowerCase()
  if (commonPasswords.has(plain)) throw new PasswordRefused('is one of the most common ones')
  if (usernameKey(plain).includes(usernameKey(username))) throw new PasswordRefused('contains the username')
}
