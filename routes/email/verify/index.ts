import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { confirmAddress } from '../../../core/accounts/email.ts'
import { EmailTaken } from '../../../core/accounts/users.ts'
import { write } from '../../../core/database/transaction.ts'
import { LinkInvalid } from '../../../core/one-time/tokens.ts'
import { TokenUse } from '../../../schemas/mail.ts'
import { NoContent, ref } from '../../../schemas/types.ts'

const verify: FastifyPluginAsyncTypebox = async (fastify) => {
  const { db } = fastify

  fastify.route({
    method: 'POST',
    url: '',
    config: {
      access: 'public',
      limit: { perMinute: 10, by: 'address' },
      problems: [LinkInvalid, EmailTaken]
    },
    schema: {
      operationId: 'verifyEmail',
      summary: 'Confirm an address with the link of a mail',
      description: 'From now on the account can sign in and be recovered by this address.',
      tags: ['Recovery'],
      body: ref(TokenUse),
      response: { 204: NoContent('The address is verified.') }
    },
    handler: async (request, reply) => {
      await write(db, (tx) => confirmAddress(tx, request, request.body.token))
      return reply.code(204).send()
    }
  })
}
export default verify
