import { getUser } from '../accounts/users.ts'
import type { Around } from './around.ts'
import { challengeLife } from './challenges.ts'
import { describePasskeys, handleOf } from './passkeys.ts'
import { requireSite } from './site.ts'
import { algorithms } from './verify.ts'

/** What an account's browser is asked to make a passkey with. @throws PasskeysNotConfigured, UserNotFound */
export async function creationOptions({ db, config, challenges }: Around, userId: number) {
  const { rpId } = requireSite(config)
  const { username } = await getUser(db, userId)
  return {
    rp: { id: rpId, name: rpId },
    user: { id: await handleOf(db, userId), name: username, displayName: username },
    challenge: challenges.issue(`registration ${userId}`),
    pubKeyCredParams: algorithms.map((alg) => ({ type: 'public-key' as const, alg })),
    timeout: challengeLife,
    excludeCredentials: await describePasskeys(db, userId),
    authenticatorSelection: {
      residentKey: 'required' as const,
      requireResidentKey: true,
      userVerification: 'required' as const
    },
    attestation: 'none' as const
  }
}

/**
 * What a browser is asked to sign in with, or an account whose passkey is to prove who it is. At a sign-in nobody says who
 * they are, so that nothing is told of any account (WebAuthn, section 14.6.2). @throws PasskeysNotConfigured
 */
export async function requestOptions({ config, db, challenges }: Around, userId: number | undefined) {
  return {
    challenge: challenges.issue(userId === undefined ? 'sign-in' : `proof ${userId}`),
    timeout: challengeLife,
    rpId: requireSite(config).rpId,
    allowCredentials: userId === undefined ? [] : await describePasskeys(db, userId),
    userVerification: 'required' as const
  }
}
