import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { requireUser } from '../../../core/access/caller.ts'
import { locationHeader } from '../../../core/contract/headers.ts'
import { PasskeyChallengeExpired } from '../../../core/passkeys/challenges.ts'
import { findHandle, listPasskeys, PasskeyTaken, TooManyPasskeys } from '../../../core/passkeys/passkeys.ts'
import { PasskeyUnusable, registerPasskey } from '../../../core/passkeys/registration.ts'
import { PasskeysNotConfigured, siteOf } from '../../../core/passkeys/site.ts'
import { RegisteredPasskey } from '../../../schemas/factors.ts'
import { NewPasskey, PasskeyList } from '../../../schemas/passkeys.ts'
import { ref } from '../../../schemas/types.ts'

const passkeys: FastifyPluginAsyncTypebox = async (fastify) => {
  const { config, db, passkeys } = fastify
  const around = { config, db, ...passkeys }

  fastify.route({
    method: 'GET',
    url: '',
    config: { access: 'authenticated', session: true, whileUnenrolled: true },
    schema: {
      operationId: 'listMyPasskeys',
      summary: 'List your own passkeys',
      description:
        'Oldest first, with what `PublicKeyCredential.signalAllAcceptedCredentials` takes: authenticators then drop what was removed.',
      tags: ['Me'],
      response: { 200: ref(PasskeyList, 'Your passkeys.') }
    },
    handler: async (request) => {
      const { id } = requireUser(request)
      return {
        passkeys: await listPasskeys(db, id),
        rp_id: siteOf(config)?.rpId ?? null,
        user_handle: await findHandle(db, id)
      }
    }
  })

  fastify.route({
    method: 'POST',
    url: '',
    config: {
      access: 'authenticated',
      fresh: '10m',
      whileUnenrolled: true,
      limit: { perMinute: 30, by: 'account' },
      problems: [
        PasskeyUnusable,
        PasskeyChallengeExpired,
        PasskeyTaken,
        TooManyPasskeys,
        PasskeysNotConfigured
      ]
    },
    schema: {
      operationId: 'registerPasskey',
      summary: 'Add a passkey',
      description:
        'Takes what the browser answers to the options of POST /me/passkeys/options, as its `toJSON()` says it. Tells you by mail. From then on it signs you in at POST /passkeys/sign-in, and is asked for after your password. With the first factor come recovery codes, shown this once, and your other sessions end.',
      tags: ['Me'],
      body: ref(NewPasskey),
      response: { 201: ref(RegisteredPasskey, 'The new passkey.', locationHeader) }
    },
    handler: async (request, reply) => {
      const registered = await registerPasskey(around, request, request.body)
      return reply.code(201).header('location', `/me/passkeys/${registered.passkey.id}`).send(registered)
    }
  })
}
export default passkeys
