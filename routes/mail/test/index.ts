import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { holdCaller } from '../../../core/access/caller.ts'
import { recordAudit } from '../../../core/audit/record.ts'
import { answerOnce } from '../../../core/idempotency/once.ts'
import { EmailRefused, readAddress } from '../../../core/mail/address.ts'
import { MailNotConfigured, queueMail, requireMail } from '../../../core/mail/outbox.ts'
import { TestMail } from '../../../schemas/mail.ts'
import { NoContent, ref } from '../../../schemas/types.ts'

const test: FastifyPluginAsyncTypebox = async (fastify) => {
  const { config, db } = fastify

  fastify.route({
    method: 'POST',
    url: '',
    config: {
      access: 'mail:write',
      idempotent: true,
      limit: { perMinute: 5, by: 'account' },
      problems: [EmailRefused, MailNotConfigured]
    },
    schema: {
      operationId: 'sendTestMail',
      summary: 'Send a test mail',
      description: 'GET /mail says what came of it.',
      tags: ['Operation'],
      body: ref(TestMail),
      response: { 202: NoContent('A mail is on its way.') }
    },
    handler: async (request, reply) => {
      requireMail(config)
      const { locale = 'en' } = request.body
      const { email } = readAddress(request.body.email)
      return answerOnce(db, request, reply, async (tx) => {
        const { id: userId } = await holdCaller(tx, request)
        const id = await queueMail(tx, { kind: 'test', email, userId, locale })
        await recordAudit(tx, request, { action: 'mail.test', target: `mail:${id}`, changes: { email } })
        return { status: 202 }
      })
    }
  })
}
export default test
