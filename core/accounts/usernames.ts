import { defineProblem } from '../problems/define.ts'
import { usernameForm } from '../../schemas/users.ts'

export const UsernameRefused = defineProblem('USERNAME_REFUSED', 400, 'Username not accepted', {
  detail:
    'In Unicode form NFKC the username has to be 3 to 50 letters, marks, digits or . _ + - and to begin with a letter or a digit.',
  about:
    'Usernames are kept in Unicode form NFKC; this one is too short, too long or has other characters in that form.'
})

/** What makes a username unique: two names with the same key are the same account. */
export const usernameKey = (username: string) => username.normalize('NFKC').toLowerCase().normalize('NFKC')

const fits = (username: string) => {
  const length = Array.from(username).length
  return length >= 3 && length <= 50 && usernameForm.test(username) && !username.includes('@')
}

/** A new username as it is stored, with its key. @throws UsernameRefused when its NFKC form does not fit. */
export function newUsername(username: string): { username: string; username_key: string } {
  const normal = username.normalize('NFKC')
  // What becomes a letter in that form is one: ＠ is taken for no @.
  if (!usernameForm.test(username) || !fits(normal)) throw new UsernameRefused()
  return { username: normal, username_key: usernameKey(normal) }
}
