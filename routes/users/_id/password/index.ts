import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { BeyondOwnPermissions } from '../../../../core/accounts/governance.ts'
import { checkNewPassword, PasswordRefused } from '../../../../core/passwords/policy.ts'
import { getUser, lockGovernedUser, updateUser, UserNotFound } from '../../../../core/accounts/users.ts'
import { requirePerson, ServiceAccount } from '../../../../core/accounts/kinds.ts'
import { recordAudit } from '../../../../core/audit/record.ts'
import { forgetAttempts } from '../../../../core/throttle/attempts.ts'
import { afterNewPassword } from '../../../../core/accounts/set-password.ts'
import { answerOnce } from '../../../../core/idempotency/once.ts'
import { TooBusyToHash } from '../../../../core/passwords/hashing.ts'
import { requireUser } from '../../../../core/access/caller.ts'
import { defineProblem } from '../../../../core/problems/define.ts'
import { NoContent, ref } from '../../../../schemas/types.ts'
import { PasswordReset, UserParams } from '../../../../schemas/users.ts'

const UseOwnPassword = defineProblem('USE_OWN_PASSWORD', 409, 'Your own account', {
  detail: 'Change your own password with PUT /me/password, which asks for the current one.',
  about:
    'Nobody sets the password of the account that they are signed in as without the current one: else a stolen access token would open the account for good.'
})

const password: FastifyPluginAsyncTypebox = async (fastify) => {
  const { config, db, passwords } = fastify

  fastify.route({
    method: 'POST',
    url: '',
    config: {
      access: 'users:write',
      fresh: '10m',
      idempotent: true,
      problems: [
        UserNotFound,
        PasswordRefused,
        BeyondOwnPermissions,
        UseOwnPassword,
        ServiceAccount,
        TooBusyToHash
      ]
    },
    schema: {
      operationId: 'setUserPassword',
      summary: "Set an account's password",
      description:
        'Of any account but your own. It is good for one sign-in, which has to choose another one (`new_password` of POST /login). Ends every session of the account.',
      tags: ['Accounts'],
      params: UserParams,
      body: ref(PasswordReset),
      response: { 204: NoContent('The password is set.') }
    },
    handler: async (request, reply) => {
      const { id } = request.params
      if (id === requireUser(request).id) throw new UseOwnPassword()
      checkNewPassword(request.body.password, (await getUser(db, id)).username)
      const password_hash = await passwords.hash(request.body.password)
      return answerOnce(db, request, reply, async (tx) => {
        requirePerson((await lockGovernedUser(tx, request, id)).user)
        await updateUser(tx, id, { password_hash, must_change_password: 1 })
        await afterNewPassword(tx, config, id)
        await forgetAttempts(tx, id)
        await recordAudit(tx, request, { action: 'password.set', target: `user:${id}` })
        return { status: 204 }
      })
    }
  })
}
export default password
