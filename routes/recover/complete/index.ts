import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { getUser } from '../../../core/accounts/users.ts'
import { write } from '../../../core/database/transaction.ts'
import { findToken, LinkInvalid } from '../../../core/one-time/tokens.ts'
import { TooBusyToHash } from '../../../core/passwords/hashing.ts'
import { checkNewPassword, PasswordRefused } from '../../../core/passwords/policy.ts'
import { completeRecovery } from '../../../core/recovery/complete.ts'
import { RecoveryCompletion } from '../../../schemas/recovery.ts'
import { NoContent, ref } from '../../../schemas/types.ts'

const complete: FastifyPluginAsyncTypebox = async (fastify) => {
  const { config, db, passwords } = fastify

  fastify.route({
    method: 'POST',
    url: '',
    config: {
      access: 'public',
      limit: { perMinute: 10, by: 'address' },
      problems: [LinkInvalid, PasswordRefused, TooBusyToHash]
    },
    schema: {
      operationId: 'completeRecovery',
      summary: 'Set a new password with the link of a mail',
      description:
        'Spends the link, unless the password is refused. Ends all sessions and forgets failed sign-ins; signs nobody in.',
      tags: ['Recovery'],
      body: ref(RecoveryCompletion),
      response: { 204: NoContent('The new password counts from now on.') }
    },
    handler: async (request, reply) => {
      const { token: text, new_password } = request.body
      const token = await findToken(db, 'recovery', text)
      const { username } = await getUser(db, token.user_id ?? 0).catch(() =>
        Promise.reject(new LinkInvalid())
      )
      checkNewPassword(new_password, username)
      const hash = await passwords.hash(new_password)
      await write(db, (tx) => completeRecovery(tx, request, config, token, hash))
      return reply.code(204).send()
    }
  })
}
export default complete
