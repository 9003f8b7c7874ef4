import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { checkNewPassword, PasswordRefused } from '../../core/passwords/policy.ts'
import { UsernameRefused } from '../../core/accounts/usernames.ts'
import { insertUser, toUser, UsernameTaken } from '../../core/accounts/users.ts'
import { recordAudit } from '../../core/audit/record.ts'
import { answerOnce } from '../../core/idempotency/once.ts'
import { locationHeader } from '../../core/contract/headers.ts'
import { TooBusyToHash } from '../../core/passwords/hashing.ts'
import { defineProblem } from '../../core/problems/define.ts'
import { ref } from '../../schemas/types.ts'
import { Registration, User } from '../../schemas/users.ts'

const RegistrationClosed = defineProblem('REGISTRATION_CLOSED', 403, 'Registration is closed', {
  detail: 'Accounts are made by an administrator here.',
  about:
    'This server does not let anybody make an account (the setting `registration`). Ask an administrator for one.'
})

const register: FastifyPluginAsyncTypebox = async (fastify) => {
  const { db, passwords, settings } = fastify

  fastify.route({
    method: 'POST',
    url: '',
    config: {
      access: 'public',
      idempotent: true,
      limit: { perMinute: 10, by: 'address' },
      problems: [RegistrationClosed, UsernameRefused, PasswordRefused, UsernameTaken, TooBusyToHash]
    },
    schema: {
      operationId: 'register',
      summary: 'Make an account for oneself',
      description: 'The account has the role `user`.',
      tags: ['Authentication'],
      body: ref(Registration),
      response: { 201: ref(User, 'The new account.', locationHeader) }
    },
    handler: async (request, reply) => {
      if (settings.inForce.registration === 'closed') throw new RegistrationClosed()
      const { username, password } = request.body
      checkNewPassword(password, username)
      const hash = await passwords.hash(password)
      return answerOnce(db, request, reply, async (tx) => {
        const user = await insertUser(tx, username, hash, 'user')
        const target = `user:${user.id}`
        await recordAudit(tx, request, { action: 'user.register', target, actor: user })
        return { status: 201, headers: { location: `/users/${user.id}` }, body: toUser(user) }
      })
    }
  })
}
export default register
