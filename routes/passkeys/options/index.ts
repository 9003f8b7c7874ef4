import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ChallengeInvalid, findChallenge } from '../../../core/factors/challenges.ts'
import { requestOptions } from '../../../core/passkeys/options.ts'
import { PasskeysNotConfigured } from '../../../core/passkeys/site.ts'
import { PasskeyUse } from '../../../schemas/factors.ts'
import { PasskeyRequestOptions } from '../../../schemas/passkeys.ts'
import { ref } from '../../../schemas/types.ts'

const options: FastifyPluginAsyncTypebox = async (fastify) => {
  const { config, db, passkeys } = fastify
  const around = { config, db, ...passkeys }

  fastify.route({
    method: 'POST',
    url: '',
    config: {
      access: 'public',
      whileReadOnly: true,
      optionalBody: true,
      problems: [PasskeysNotConfigured, ChallengeInvalid],
      // Whoever signs in has no token; whoever proves again who they are says so by theirs.
      contract: [{ security: [{}, { bearer: [] }] }]
    },
    schema: {
      operationId: 'requestPasskey',
      summary: 'Begin to use a passkey',
      description:
        'For `navigator.credentials.get`, by `PublicKeyCredential.parseRequestOptionsFromJSON`. Signed out it is for POST /passkeys/sign-in: the browser lets people choose among their passkeys, and no name is asked for. With the `challenge` of MFA_REQUIRED it is for POST /login/verification, with an access token for POST /me/reauthentication. Good once, for five minutes.',
      tags: ['Authentication'],
      body: ref(PasskeyUse),
      response: { 200: ref(PasskeyRequestOptions, 'What to ask the browser for.') }
    },
    handler: async ({ body: { challenge }, user }) =>
      requestOptions(around, challenge === undefined ? user?.id : await findChallenge(db, challenge))
  })
}
export default options
