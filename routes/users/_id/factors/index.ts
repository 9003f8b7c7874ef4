import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { requireUser } from '../../../../core/access/caller.ts'
import { BeyondOwnPermissions } from '../../../../core/accounts/governance.ts'
import { getUser, lockGovernedUser, UserNotFound } from '../../../../core/accounts/users.ts'
import { recordAudit } from '../../../../core/audit/record.ts'
import { write } from '../../../../core/database/transaction.ts'
import { deleteFactors, listFactors } from '../../../../core/factors/factors.ts'
import { countCodes } from '../../../../core/factors/recovery-codes.ts'
import { countPasskeys } from '../../../../core/passkeys/passkeys.ts'
import { queueNotice } from '../../../../core/mail/outbox.ts'
import { defineProblem } from '../../../../core/problems/define.ts'
import { endSessions } from '../../../../core/sessions/session-queries.ts'
import { FactorList } from '../../../../schemas/factors.ts'
import { NoContent, ref } from '../../../../schemas/types.ts'
import { UserParams } from '../../../../schemas/users.ts'

const UseOwnFactors = defineProblem('USE_OWN_FACTORS', 409, 'Your own account', {
  detail: 'Remove your own factors one by one with DELETE /me/factors/{id}.',
  about:
    'Nobody takes the account that they are signed in as all of its factors at once: whoever has lost them asks another administrator, or whoever has the machine.'
})

const factors: FastifyPluginAsyncTypebox = async (fastify) => {
  const { config, db } = fastify

  fastify.route({
    method: 'GET',
    url: '',
    config: { access: 'factors:write', problems: [UserNotFound] },
    schema: {
      operationId: 'listUserFactors',
      summary: "List an account's second factors",
      description: 'Oldest first, with the one that waits to be confirmed.',
      tags: ['Accounts'],
      params: UserParams,
      response: { 200: ref(FactorList, 'What the account has beside the password.') }
    },
    handler: async ({ params }) => {
      const { id } = await getUser(db, params.id)
      return {
        factors: await listFactors(db, id),
        passkeys: await countPasskeys(db, id),
        recovery_codes: await countCodes(db, id)
      }
    }
  })

  fastify.route({
    method: 'DELETE',
    url: '',
    config: {
      access: 'factors:write',
      fresh: '10m',
      problems: [UserNotFound, BeyondOwnPermissions, UseOwnFactors]
    },
    schema: {
      operationId: 'removeUserFactors',
      summary: 'Remove all second factors of an account',
      description:
        'For whoever has lost them, of any account but your own: the password alone signs in then. Ends every session of the account, and its owner is told by mail.',
      tags: ['Accounts'],
      params: UserParams,
      response: { 204: NoContent('The account has its password alone.') }
    },
    handler: async (request, reply) => {
      const { id } = request.params
      if (id === requireUser(request).id) throw new UseOwnFactors()
      await write(db, async (tx) => {
        await lockGovernedUser(tx, request, id)
        await endSessions(tx, id)
        const changes = { factors: await deleteFactors(tx, id) }
        await queueNotice(tx, config, id, 'factor_removed')
        await recordAudit(tx, request, { action: 'factor.reset', target: `user:${id}`, changes })
      })
      return reply.code(204).send()
    }
  })
}
export default factors
