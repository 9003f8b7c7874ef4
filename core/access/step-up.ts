import { asSession } from './caller.ts'
import type { Identity } from '../sessions/identities.ts'
import { defineProblem } from '../problems/define.ts'

export const ReauthenticationNeeded = defineProblem(
  'REAUTHENTICATION_NEEDED',
  401,
  'Prove again who you are',
  {
    detail: 'This needs a sign-in of the last %s seconds: POST /me/reauthentication renews yours.',
    about:
      'What changes something for good wants to know that its owner is here, not only their access token. POST /me/reauthentication proves it for this session; then send the request again.'
  }
)

/** How long ago whoever changes what lasts may have proved who they are, in milliseconds, where a route's `fresh` does not say. */
export const tenMinutes = 600_000

/** The challenge of RFC 9470, section 3. */
const insufficient = (seconds: number) =>
  `Bearer error="insufficient_user_authentication", error_description="A more recent sign-in is needed", max_age="${seconds}"`

/**
 * Lets a caller through who has proved who they are in the last `maxAge` milliseconds. It goes by the session's row, as
 * the identity has it, whatever a token says. A clock that was set back makes nobody's proof last longer.
 * A key never has: nobody stands behind it at that moment.
 * @throws ReauthenticationNeeded, SessionNeeded
 */
export function requireFresh(caller: Identity, maxAge: number, now = Date.now()) {
  const { authTime } = asSession(caller)
  if (Math.abs(now - authTime) <= maxAge) return
  const seconds = maxAge / 1_000
  throw new ReauthenticationNeeded(seconds).with({ headers: { 'www-authenticate': insufficient(seconds) } })
}
