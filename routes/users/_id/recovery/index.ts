import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { lockWithAddress, verifiedAddress } from '../../../../core/accounts/email.ts'
import { BeyondOwnPermissions } from '../../../../core/accounts/governance.ts'
import { lockGovernedUser, UserNotFound } from '../../../../core/accounts/users.ts'
import { recordAudit } from '../../../../core/audit/record.ts'
import { answerOnce } from '../../../../core/idempotency/once.ts'
import { MailNotConfigured, requireMail } from '../../../../core/mail/outbox.ts'
import { defineProblem } from '../../../../core/problems/define.ts'
import { queueRecovery } from '../../../../core/recovery/queue.ts'
import { NoContent } from '../../../../schemas/types.ts'
import { UserParams } from '../../../../schemas/users.ts'

const NotReachable = defineProblem('NOT_REACHABLE', 409, 'Nobody to write to', {
  detail: 'The account is disabled, or has no verified address.',
  about: 'A link to a new password goes to the verified address of an active account.'
})

const recovery: FastifyPluginAsyncTypebox = async (fastify) => {
  const { config, db } = fastify

  fastify.route({
    method: 'POST',
    url: '',
    config: {
      access: 'users:write',
      fresh: '10m',
      idempotent: true,
      limit: { perMinute: 30, by: 'account' },
      problems: [UserNotFound, BeyondOwnPermissions, NotReachable, MailNotConfigured]
    },
    schema: {
      operationId: 'sendUserRecovery',
      summary: 'Send an account the link to a new password',
      description:
        'The password stays as it is until the link is used. Nobody but its owner chooses the new one.',
      tags: ['Accounts'],
      params: UserParams,
      response: { 202: NoContent('A mail is on its way.') }
    },
    handler: async (request, reply) => {
      requireMail(config)
      const { id } = request.params
      return answerOnce(db, request, reply, async (tx) => {
        await lockGovernedUser(tx, request, id)
        const account = await lockWithAddress(tx, id)
        const address = account?.status === 'active' ? verifiedAddress(account) : undefined
        if (!account || !address) throw new NotReachable()
        await queueRecovery(tx, { ...account, ...address })
        await recordAudit(tx, request, { action: 'recovery.send', target: `user:${id}` })
        return { status: 202 }
      })
    }
  })
}
export default recovery
