import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { holdCaller, requireUser } from '../../../core/access/caller.ts'
import { asTokenInvalid, lockUser } from '../../../core/accounts/users.ts'
import { recordAudit } from '../../../core/audit/record.ts'
import { write } from '../../../core/database/transaction.ts'
import { methodsOf } from '../../../core/factors/methods.ts'
import { renewCodes } from '../../../core/factors/recovery-codes.ts'
import { queueNotice } from '../../../core/mail/outbox.ts'
import { defineProblem } from '../../../core/problems/define.ts'
import { RecoveryCodes } from '../../../schemas/factors.ts'
import { ref } from '../../../schemas/types.ts'

const NoFactor = defineProblem('NO_FACTOR', 409, 'No second factor', {
  detail: 'Recovery codes take the place of a second factor: add one first.',
  about: 'The account has nothing beside its password that could be lost.'
})

const recoveryCodes: FastifyPluginAsyncTypebox = async (fastify) => {
  const { config, db } = fastify

  fastify.route({
    method: 'POST',
    url: '',
    config: { access: 'authenticated', fresh: '10m', problems: [NoFactor] },
    schema: {
      operationId: 'renewRecoveryCodes',
      summary: 'Make new recovery codes',
      description: 'Those before are good no more. You are told by mail.',
      tags: ['Me'],
      response: { 200: ref(RecoveryCodes, 'The new codes, shown this once.') }
    },
    handler: async (request) => {
      const { id } = requireUser(request)
      return write(db, async (tx) => {
        await lockUser(tx, id).catch(asTokenInvalid)
        await holdCaller(tx, request)
        if ((await methodsOf(tx, id)).length === 0) throw new NoFactor()
        const recovery_codes = await renewCodes(tx, id)
        await queueNotice(tx, config, id, 'recovery_codes')
        await recordAudit(tx, request, { action: 'recovery_code.renew', target: `user:${id}` })
        return { recovery_codes }
      })
    }
  })
}
export default recoveryCodes
