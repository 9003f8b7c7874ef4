import type { UserKind } from '../../schemas/users.ts'
import type { Static } from '@sinclair/typebox'
import type { Passwords } from '../passwords/hashing.ts'
import { checkNewPassword } from '../passwords/policy.ts'
import { noHash } from '../passwords/scheme.ts'
import { defineProblem } from '../problems/define.ts'

export const PasswordForKind = defineProblem('PASSWORD_FOR_KIND', 400, 'A password for people alone', {
  detail: 'A person needs a password, and a service has none.',
  about:
    'An account of the kind `person` is made with a password; one of the kind `service` without, as keys are its only way in.'
})

export const ServiceAccount = defineProblem('SERVICE_ACCOUNT', 409, 'Not for services', {
  detail: 'This is the account of a service: it has no password. Make a key for it.',
  about: 'A service never signs in: POST /users/{id}/keys is its only way in.'
})

interface New {
  username: string
  password?: string | undefined
  kind?: Static<typeof UserKind> | undefined
}

/**
 * The hash of a new account's password; of a service it is one that no password has.
 * @throws PasswordForKind, PasswordRefused, TooBusyToHash
 */
export async function hashForKind(passwords: Passwords, { username, password, kind = 'person' }: New) {
  if ((password === undefined) !== (kind === 'service')) throw new PasswordForKind()
  if (password === undefined) return noHash
  checkNewPassword(password, username)
  return passwords.hash(password)
}

/** Lets only the account of a person through. @throws ServiceAccount */
export function requirePerson({ kind }: { kind: Static<typeof UserKind> }) {
  if (kind === 'service') throw new ServiceAccount()
}
