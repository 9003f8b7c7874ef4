import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { requireUser } from '../../../../core/access/caller.ts'
import { asTokenInvalid } from '../../../../core/accounts/users.ts'
import { creationOptions } from '../../../../core/passkeys/options.ts'
import { PasskeysNotConfigured } from '../../../../core/passkeys/site.ts'
import { PasskeyCreationOptions } from '../../../../schemas/passkeys.ts'
import { ref } from '../../../../schemas/types.ts'

const options: FastifyPluginAsyncTypebox = async (fastify) => {
  const { config, db, passkeys } = fastify
  const around = { config, db, ...passkeys }

  fastify.route({
    method: 'POST',
    url: '',
    config: {
      access: 'authenticated',
      fresh: '10m',
      whileUnenrolled: true,
      problems: [PasskeysNotConfigured]
    },
    schema: {
      operationId: 'requestPasskeyRegistration',
      summary: 'Begin to add a passkey',
      description:
        'For `navigator.credentials.create`, by `PublicKeyCredential.parseCreationOptionsFromJSON`. Good once, for five minutes.',
      tags: ['Me'],
      response: { 200: ref(PasskeyCreationOptions, 'What to ask the browser for.') }
    },
    handler: async (request) => creationOptions(around, requireUser(request).id).catch(asTokenInvalid)
  })
}
export default options
