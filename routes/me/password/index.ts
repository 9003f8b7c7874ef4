import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { checkNewPassword, PasswordRefused } from '../../../plugins/accounts/password-policy.ts'
import { usernameKey } from '../../../plugins/accounts/usernames.ts'
import { recordAudit } from '../../../plugins/audit/record.ts'
import { endSessions } from '../../../plugins/auth/session-queries.ts'
import { forgiveAttempt, reserveAttempt, SignInThrottled } from '../../../plugins/auth/sign-in-throttle.ts'
import { write } from '../../../plugins/db/transaction.ts'
import { TooBusyToHash } from '../../../plugins/passwords/index.ts'
import { caller } from '../../../plugins/rbac.ts'
import { defineProblem } from '../../../schemas/problems.ts'
import { NoContent, ref } from '../../../schemas/types.ts'
import { PasswordChange } from '../../../schemas/users.ts'
import { findPasswordHash, replacePassword } from './queries.ts'

const WrongPassword = defineProblem('WRONG_PASSWORD', 403, 'Wrong password', {
  detail: 'The current password is not this one.',
  about:
    'Changing a password needs the current one. Of several changes at once the first makes the others wrong.'
})

const password: FastifyPluginAsyncTypebox = async (fastify) => {
  const { auth, db, passwords } = fastify

  fastify.route({
    method: 'PUT',
    url: '',
    config: {
      access: 'authenticated',
      problems: [PasswordRefused, WrongPassword, SignInThrottled, TooBusyToHash]
    },
    schema: {
      operationId: 'changePassword',
      summary: 'Change your own password',
      description: 'Ends your other sessions.',
      tags: ['Me'],
      body: ref(PasswordChange),
      response: { 204: NoContent('The new password counts from now on.') }
    },
    handler: async (request, reply) => {
      const { id, username, sessionId } = caller(request)
      const { current_password, new_password } = request.body
      checkNewPassword(new_password, username)
      const key = usernameKey(username)
      // A stolen access token must not become a way to guess the password.
      await write(db, (tx) => reserveAttempt(tx, key, request.ip))
      const known = await findPasswordHash(db, id)
      if (!(await passwords.verify(current_password, known))) throw new WrongPassword()
      const password_hash = await passwords.hash(new_password)
      await write(db, async (tx) => {
        if (!(await replacePassword(tx, id, known, password_hash))) throw new WrongPassword()
        await forgiveAttempt(tx, key, request.ip)
        await endSessions(tx, id, { except: sessionId })
        await recordAudit(tx, request, { action: 'password.change', target: `user:${id}` })
      })
      auth.forget((identity) => identity.id === id && identity.sessionId !== sessionId)
      // Lists of accounts tell when each was last changed.
      fastify.purge(['users'])
      return reply.code(204).send()
    }
  })
}
export default password
