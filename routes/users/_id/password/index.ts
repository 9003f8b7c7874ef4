import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { BeyondOwnPermissions, requireOwnRole } from '../../../../plugins/accounts/governance.ts'
import { checkNewPassword, PasswordRefused } from '../../../../plugins/accounts/password-policy.ts'
import { getUser, updateUser, UserNotFound } from '../../../../plugins/accounts/users.ts'
import { recordAudit } from '../../../../plugins/audit/record.ts'
import { endSessions } from '../../../../plugins/auth/session-queries.ts'
import { write } from '../../../../plugins/db/transaction.ts'
import { TooBusyToHash } from '../../../../plugins/passwords/index.ts'
import { caller } from '../../../../plugins/rbac.ts'
import { NoContent, ref } from '../../../../schemas/types.ts'
import { PasswordReset, UserParams } from '../../../../schemas/users.ts'

const password: FastifyPluginAsyncTypebox = async (fastify) => {
  const { auth, db, passwords } = fastify

  fastify.route({
    method: 'POST',
    url: '',
    config: {
      access: 'users:write',
      problems: [UserNotFound, PasswordRefused, BeyondOwnPermissions, TooBusyToHash]
    },
    schema: {
      operationId: 'setUserPassword',
      summary: "Set an account's password",
      description: 'Ends every session of the account.',
      tags: ['Accounts'],
      params: UserParams,
      body: ref(PasswordReset),
      response: { 204: NoContent('The password is set.') }
    },
    handler: async (request, reply) => {
      const { id } = request.params
      checkNewPassword(request.body.password, (await getUser(db, id)).username)
      const password_hash = await passwords.hash(request.body.password)
      await write(db, async (tx) => {
        const before = await getUser(tx, id)
        await requireOwnRole(tx, caller(request), before.role)
        await updateUser(tx, id, { password_hash })
        await endSessions(tx, id)
        await recordAudit(tx, request, { action: 'password.set', target: `user:${id}` })
      })
      auth.forget((identity) => identity.id === id)
      fastify.purge(['users'])
      return reply.code(204).send()
    }
  })
}
export default password
