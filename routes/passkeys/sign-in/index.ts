import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { challenge } from '../../../core/access/caller.ts'
import { PasskeyChallengeExpired } from '../../../core/passkeys/challenges.ts'
import { signInByPasskey } from '../../../core/passkeys/sign-in.ts'
import { PasskeysNotConfigured } from '../../../core/passkeys/site.ts'
import { defineProblem } from '../../../core/problems/define.ts'
import { NotSameOrigin } from '../../../core/sessions/refresh-cookie.ts'
import { tokenAnswer } from '../../../core/sessions/token-answer.ts'
import { PasskeySignIn } from '../../../schemas/passkeys.ts'
import { RefreshPlace, TokenPair } from '../../../schemas/tokens.ts'
import { ref } from '../../../schemas/types.ts'

const PasskeyRefused = defineProblem('PASSKEY_REFUSED', 401, 'The passkey does not sign in', {
  detail: 'This passkey signs nobody in here.',
  about:
    'No active account has this passkey, it was used on a page that is not of this service, or its authenticator has not verified who holds it. Which of them it is is not told.'
})

const signIn: FastifyPluginAsyncTypebox = async (fastify) => {
  const { auth, config, db, passkeys } = fastify
  const { answer, policy } = tokenAnswer(auth, config)
  const around = { config, db, lifetimes: auth.lifetimes, ...passkeys }

  fastify.route({
    method: 'POST',
    url: '',
    config: {
      ...policy,
      problems: [PasskeyRefused, PasskeyChallengeExpired, PasskeysNotConfigured, NotSameOrigin]
    },
    schema: {
      operationId: 'signInWithPasskey',
      summary: 'Sign in with a passkey',
      description:
        'Takes what the browser answers to the options of POST /passkeys/options, as its `toJSON()` says it, and answers what POST /login does. A passkey is two factors: nothing else is asked for.',
      tags: ['Authentication'],
      querystring: RefreshPlace,
      body: ref(PasskeySignIn),
      response: { 200: ref(TokenPair, 'The tokens of the new session.') }
    },
    handler: (request, reply) =>
      answer(request, reply, request.query, async () => {
        const session = await signInByPasskey(around, request, request.body.passkey)
        if (!session) throw new PasskeyRefused().with({ headers: challenge() })
        return session
      })
  })
}
export default signIn
