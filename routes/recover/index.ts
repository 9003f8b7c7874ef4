import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { write } from '../../core/database/transaction.ts'
import { MailNotConfigured, requireMail } from '../../core/mail/outbox.ts'
import { requestRecovery } from '../../core/recovery/request.ts'
import { RecoveryRequest } from '../../schemas/recovery.ts'
import { NoContent, ref } from '../../schemas/types.ts'

const recover: FastifyPluginAsyncTypebox = async (fastify) => {
  const { config, db } = fastify

  fastify.route({
    method: 'POST',
    url: '',
    config: { access: 'public', limit: { perMinute: 5, by: 'address' }, problems: [MailNotConfigured] },
    schema: {
      operationId: 'requestRecovery',
      summary: 'Ask for a new password',
      description:
        'Sends the account a link, if there is one with a verified address. The answer and its time are always the same, and a recipient is sent three mails an hour at most.',
      tags: ['Recovery'],
      body: ref(RecoveryRequest),
      response: { 202: NoContent('If there is such an account, a mail is on its way.') }
    },
    handler: async (request, reply) => {
      requireMail(config)
      await write(db, (tx) => requestRecovery(tx, request, request.body.username))
      return reply.code(202).send()
    }
  })
}
export default recover
