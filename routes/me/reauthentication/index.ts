import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { WrongPassword } from '../../../core/accounts/password.ts'
import { WrongCode } from '../../../core/factors/factors.ts'
import { WrongPasskey } from '../../../core/passkeys/assertion.ts'
import { PasskeyChallengeExpired } from '../../../core/passkeys/challenges.ts'
import { PasskeysNotConfigured } from '../../../core/passkeys/site.ts'
import { TooBusyToHash } from '../../../core/passwords/hashing.ts'
import { FactorNeeded, reauthenticate } from '../../../core/sessions/reauthenticate.ts'
import { SignInThrottled } from '../../../core/throttle/attempts.ts'
import { Reauthentication } from '../../../schemas/factors.ts'
import { NoContent, ref } from '../../../schemas/types.ts'

const reauthentication: FastifyPluginAsyncTypebox = async (fastify) => {
  const { judges } = fastify

  fastify.route({
    method: 'POST',
    url: '',
    config: {
      access: 'authenticated',
      session: true,
      whileReadOnly: true,
      whileUnenrolled: true,
      problems: [
        WrongPassword,
        WrongCode,
        WrongPasskey,
        PasskeyChallengeExpired,
        PasskeysNotConfigured,
        FactorNeeded,
        SignInThrottled,
        TooBusyToHash
      ]
    },
    schema: {
      operationId: 'reauthenticate',
      summary: 'Prove again who you are',
      description:
        'Operations with `x-step-up` want it no longer ago than their `max_age`, in seconds; a sign-in counts as well. It counts for this session, which lives no longer by it. An account with a second factor takes that, not the password. Wrong proofs count as failed sign-ins.',
      tags: ['Me'],
      body: ref(Reauthentication),
      response: { 204: NoContent('From now on this session counts as just signed in.') }
    },
    handler: async (request, reply) => {
      await reauthenticate(judges, request, request.body)
      return reply.code(204).send()
    }
  })
}
export default reauthentication
