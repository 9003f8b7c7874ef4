import type { FastifyReply } from 'fastify'
import { problemCodeOf } from '../problems/send.ts'

/** Where sign-ins end. */
export const signInRoutes: ReadonlySet<string> = new Set([
  '/login',
  '/login/verification',
  '/passkeys/sign-in'
])

/** The problems of whoever did not prove who they are. */
const refusals: ReadonlySet<string | undefined> = new Set([
  'INVALID_CREDENTIALS',
  'CHALLENGE_INVALID',
  'PASSKEY_REFUSED',
  'WRONG_CODE',
  'WRONG_PASSKEY'
])

/** What became of a sign-in; undefined where it goes on, as with MFA_REQUIRED, or has never begun. */
export function signInEnding(reply: FastifyReply): 'ok' | 'refused' | 'throttled' | undefined {
  if (reply.statusCode === 200) return 'ok'
  if (reply.statusCode === 429) return 'throttled'
  return refusals.has(problemCodeOf(reply)) ? 'refused' : undefined
}
