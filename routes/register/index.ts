import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { checkNewPassword, PasswordRefused } from '../../plugins/accounts/password-policy.ts'
import { UsernameRefused } from '../../plugins/accounts/usernames.ts'
import { insertUser, shown, translateRefusal, UsernameTaken } from '../../plugins/accounts/users.ts'
import { recordAudit } from '../../plugins/audit/record.ts'
import { write } from '../../plugins/db/transaction.ts'
import { locationHeader } from '../../plugins/openapi/headers.ts'
import { TooBusyToHash } from '../../plugins/passwords/index.ts'
import { defineProblem } from '../../schemas/problems.ts'
import { ref } from '../../schemas/types.ts'
import { Registration, User } from '../../schemas/users.ts'

const RegistrationClosed = defineProblem('REGISTRATION_CLOSED', 403, 'Registration is closed', {
  detail: 'Accounts are made by an administrator here.',
  about:
    'This server does not let anybody make an account (REGISTRATION=closed). Ask an administrator for one.'
})

const register: FastifyPluginAsyncTypebox = async (fastify) => {
  const { config, db, passwords } = fastify
  const isOpen = (config.REGISTRATION ?? (config.NODE_ENV === 'production' ? 'closed' : 'open')) === 'open'

  fastify.route({
    method: 'POST',
    url: '',
    config: {
      access: 'public',
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
      if (!isOpen) throw new RegistrationClosed()
      const { username, password } = request.body
      checkNewPassword(password, username)
      const hash = await passwords.hash(password)
      const user = await write(db, async (tx) => {
        const created = await insertUser(tx, username, hash, 'user')
        await recordAudit(tx, request, {
          action: 'user.register',
          target: `user:${created.id}`,
          actor: created
        })
        return created
      }).catch(translateRefusal)
      fastify.purge(['users'])
      return reply.code(201).header('location', `/users/${user.id}`).send(shown(user))
    }
  })
}
export default register
