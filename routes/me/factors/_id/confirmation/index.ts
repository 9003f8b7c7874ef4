import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { asSession, holdCaller, requireUser } from '../../../../../core/access/caller.ts'
import { asTokenInvalid, lockUser } from '../../../../../core/accounts/users.ts'
import { write } from '../../../../../core/database/transaction.ts'
import { afterNewFactor } from '../../../../../core/factors/consequences.ts'
import { confirmFactor, FactorNotFound, WrongCode } from '../../../../../core/factors/factors.ts'
import { methodsOf } from '../../../../../core/factors/methods.ts'
import { ConfirmedFactor, FactorConfirmation, FactorParams } from '../../../../../schemas/factors.ts'
import { ref } from '../../../../../schemas/types.ts'

const confirmation: FastifyPluginAsyncTypebox = async (fastify) => {
  const { config, db, judges } = fastify

  fastify.route({
    method: 'POST',
    url: '',
    config: {
      access: 'authenticated',
      fresh: '10m',
      whileUnenrolled: true,
      problems: [FactorNotFound, WrongCode]
    },
    schema: {
      operationId: 'confirmFactor',
      summary: 'Confirm an authenticator app by a code',
      description:
        'From now on it is asked for at every sign-in; the code is spent by this. With the first factor come recovery codes, shown this once, and your other sessions end: a password alone has opened them. You are told by mail.',
      tags: ['Me'],
      params: FactorParams,
      body: ref(FactorConfirmation),
      response: { 200: ref(ConfirmedFactor, 'The factor, which counts from now on.') }
    },
    handler: async (request) => {
      const { id } = requireUser(request)
      return write(db, async (tx) => {
        await lockUser(tx, id).catch(asTokenInvalid)
        const caller = asSession(await holdCaller(tx, request))
        const isFirst = (await methodsOf(tx, id)).length === 0
        const factor = await confirmFactor(tx, judges.seal, id, request.params.id, request.body.code)
        const change = { caller, factor, isFirst, proven: ['otp'] }
        const codes = await afterNewFactor(tx, request, config, change)
        return { factor, ...(codes && { recovery_codes: codes }) }
      })
    }
  })
}
export default confirmation
