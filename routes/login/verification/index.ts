import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ChallengeInvalid } from '../../../core/factors/challenges.ts'
import { WrongCode } from '../../../core/factors/factors.ts'
import { WrongPasskey } from '../../../core/passkeys/assertion.ts'
import { PasskeyChallengeExpired } from '../../../core/passkeys/challenges.ts'
import { PasskeysNotConfigured } from '../../../core/passkeys/site.ts'
import { NotSameOrigin } from '../../../core/sessions/refresh-cookie.ts'
import { verifySignIn } from '../../../core/sessions/second-step.ts'
import { tokenAnswer } from '../../../core/sessions/token-answer.ts'
import { SignInThrottled } from '../../../core/throttle/attempts.ts'
import { Verification } from '../../../schemas/factors.ts'
import { RefreshPlace, TokenPair } from '../../../schemas/tokens.ts'
import { ref } from '../../../schemas/types.ts'

const verification: FastifyPluginAsyncTypebox = async (fastify) => {
  const { auth, config, judges } = fastify
  const { answer, policy } = tokenAnswer(auth, config)

  fastify.route({
    method: 'POST',
    url: '',
    config: {
      ...policy,
      problems: [
        ChallengeInvalid,
        NotSameOrigin,
        PasskeyChallengeExpired,
        PasskeysNotConfigured,
        SignInThrottled,
        WrongCode,
        WrongPasskey
      ]
    },
    schema: {
      operationId: 'verifyLogin',
      summary: 'End a sign-in with the second factor',
      description:
        'Takes the challenge of the answer `MFA_REQUIRED` of POST /login, and a proof by one of its methods. It is good for five tries in five minutes.',
      tags: ['Authentication'],
      querystring: RefreshPlace,
      body: ref(Verification),
      response: { 200: ref(TokenPair, 'The tokens of the new session.') }
    },
    handler: (request, reply) =>
      answer(request, reply, request.query, () =>
        verifySignIn({ ...judges, lifetimes: auth.lifetimes }, request, request.body)
      )
  })
}
export default verification
