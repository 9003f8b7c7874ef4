import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { requireUser, holdCaller } from '../../../core/access/caller.ts'
import { lockWithAddress, removeAddress, requestAddress } from '../../../core/accounts/email.ts'
import { findPasswordHash, WrongPassword } from '../../../core/accounts/password.ts'
import { countAudit } from '../../../core/audit/count.ts'
import { write } from '../../../core/database/transaction.ts'
import { EmailRefused, readAddress } from '../../../core/mail/address.ts'
import { MailNotConfigured, requireMail } from '../../../core/mail/outbox.ts'
import { originOf } from '../../../core/network/origin.ts'
import { TooBusyToHash } from '../../../core/passwords/hashing.ts'
import { settleAttempt, SignInThrottled, tryPassword } from '../../../core/throttle/attempts.ts'
import { EmailChange } from '../../../schemas/recovery.ts'
import { NoContent, ref } from '../../../schemas/types.ts'

const email: FastifyPluginAsyncTypebox = async (fastify) => {
  const { config, db, passwords } = fastify

  fastify.route({
    method: 'PUT',
    url: '',
    config: {
      access: 'authenticated',
      fresh: '10m',
      // Each call sends a mail to whomever the caller names.
      limit: { perMinute: 5, by: 'account' },
      problems: [EmailRefused, WrongPassword, SignInThrottled, TooBusyToHash, MailNotConfigured]
    },
    schema: {
      operationId: 'changeEmail',
      summary: 'Change your address of mail',
      description:
        'Sends a link to the new address, and nothing changes before it is confirmed with that. The address before gets a link that undoes all this for seven days. Needs the current password.',
      tags: ['Me'],
      body: ref(EmailChange),
      response: { 202: NoContent('A mail is on its way.') }
    },
    handler: async (request, reply) => {
      requireMail(config)
      const { id } = requireUser(request)
      const address = readAddress(request.body.email)
      const done = await tryPassword(db, { userId: id }, originOf(request).network, async (attempt) => {
        const right = await passwords.verify(request.body.current_password, await findPasswordHash(db, id))
        return write(db, async (tx) => {
          const account = right ? await lockWithAddress(tx, id) : undefined
          if (account) {
            await holdCaller(tx, request)
            await requestAddress(tx, request, account, address)
          } else if (!right) {
            await countAudit(tx, request, { action: 'password.refuse', target: `user:${id}` })
          }
          await settleAttempt(tx, attempt, account ? 'right' : 'wrong')
          return account !== undefined
        })
      })
      if (!done) throw new WrongPassword()
      return reply.code(202).send()
    }
  })

  fastify.route({
    method: 'DELETE',
    url: '',
    config: { access: 'authenticated', fresh: '10m' },
    schema: {
      operationId: 'removeEmail',
      summary: 'Remove your address of mail',
      description:
        'Without one there is no way back for whoever forgets the password but an administrator. The address gets a link that undoes this for seven days.',
      tags: ['Me'],
      response: { 204: NoContent('The account has no address.') }
    },
    handler: async (request, reply) => {
      await write(db, async (tx) => {
        const account = await lockWithAddress(tx, requireUser(request).id)
        await holdCaller(tx, request)
        if (account) await removeAddress(tx, request, account)
      })
      return reply.code(204).send()
    }
  })
}
export default email
