import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { undoAddress } from '../../../core/accounts/email.ts'
import { EmailTaken } from '../../../core/accounts/users.ts'
import { write } from '../../../core/database/transaction.ts'
import { LinkInvalid } from '../../../core/one-time/tokens.ts'
import { TokenUse } from '../../../schemas/mail.ts'
import { NoContent, ref } from '../../../schemas/types.ts'

const undo: FastifyPluginAsyncTypebox = async (fastify) => {
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
      operationId: 'undoEmailChange',
      summary: 'Call a change of the address off with the link of a mail',
      description:
        'Gives the account the address again that the link was sent to. All sessions end, the password counts no more, and the link to a new one is sent there.',
      tags: ['Recovery'],
      body: ref(TokenUse),
      response: { 204: NoContent('The account has its former address.') }
    },
    handler: async (request, reply) => {
      await write(db, (tx) => undoAddress(tx, request, request.body.token))
      return reply.code(204).send()
    }
  })
}
export default undo
