import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { checkNewPassword, PasswordRefused } from '../../../core/passwords/policy.ts'
import { countAudit } from '../../../core/audit/count.ts'
import { recordAudit } from '../../../core/audit/record.ts'
import { afterNewPassword } from '../../../core/accounts/set-password.ts'
import { originOf } from '../../../core/network/origin.ts'
import { settleAttempt, SignInThrottled, tryPassword } from '../../../core/throttle/attempts.ts'
import { write } from '../../../core/database/transaction.ts'
import { TooBusyToHash } from '../../../core/passwords/hashing.ts'
import { holdCaller, requireSession } from '../../../core/access/caller.ts'
import { NoContent, ref } from '../../../schemas/types.ts'
import { PasswordChange } from '../../../schemas/users.ts'
import { findPasswordHash, replacePassword, WrongPassword } from '../../../core/accounts/password.ts'

const password: FastifyPluginAsyncTypebox = async (fastify) => {
  const { config, db, passwords } = fastify

  fastify.route({
    method: 'PUT',
    url: '',
    config: {
      access: 'authenticated',
      fresh: '10m',
      problems: [PasswordRefused, WrongPassword, SignInThrottled, TooBusyToHash]
    },
    schema: {
      operationId: 'changePassword',
      summary: 'Change your own password',
      description:
        'Ends your other sessions, and tells you by mail. The current password is asked for here too: of two changes at once only the first knows it.',
      tags: ['Me'],
      body: ref(PasswordChange),
      response: { 204: NoContent('The new password counts from now on.') }
    },
    handler: async (request, reply) => {
      const { id, username, sessionId } = requireSession(request)
      const { current_password, new_password } = request.body
      checkNewPassword(new_password, username)
      // A stolen access token must not become a way to guess the password.
      const changed = await tryPassword(db, { userId: id }, originOf(request).network, async (attempt) => {
        const known = await findPasswordHash(db, id)
        const right = await passwords.verify(current_password, known)
        const password_hash = right ? await passwords.hash(new_password) : undefined
        return write(db, async (tx) => {
          // Of several changes at once one finds the hash that it has compared.
          const isChanged =
            password_hash !== undefined && (await replacePassword(tx, id, known, password_hash))
          if (isChanged) {
            await holdCaller(tx, request)
            await afterNewPassword(tx, config, id, sessionId)
            await recordAudit(tx, request, { action: 'password.change', target: `user:${id}` })
          } else if (!right) {
            await countAudit(tx, request, { action: 'password.refuse', target: `user:${id}` })
          }
          await settleAttempt(tx, attempt, isChanged ? 'right' : right ? 'none' : 'wrong')
          return isChanged
        })
      })
      if (!changed) throw new WrongPassword()
      return reply.code(204).send()
    }
  })
}
export default password
