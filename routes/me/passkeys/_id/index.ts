import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { requireUser } from '../../../../core/access/caller.ts'
import { recordAudit } from '../../../../core/audit/record.ts'
import { write } from '../../../../core/database/transaction.ts'
import { PasskeyNotFound, renamePasskey } from '../../../../core/passkeys/passkeys.ts'
import { LastWayIn, removePasskey } from '../../../../core/passkeys/registration.ts'
import { Passkey, PasskeyChanges, PasskeyParams } from '../../../../schemas/passkeys.ts'
import { NoContent, ref } from '../../../../schemas/types.ts'

const passkey: FastifyPluginAsyncTypebox = async (fastify) => {
  const { config, db } = fastify

  fastify.route({
    method: 'PATCH',
    url: '',
    config: { access: 'authenticated', session: true, problems: [PasskeyNotFound] },
    schema: {
      operationId: 'renamePasskey',
      summary: 'Rename a passkey',
      description: 'The name is for you alone.',
      tags: ['Me'],
      params: PasskeyParams,
      body: ref(PasskeyChanges),
      response: { 200: ref(Passkey, 'The passkey as it is now.') }
    },
    handler: async (request) => {
      const { id } = request.params
      return write(db, async (tx) => {
        const { passkey, before } = await renamePasskey(tx, requireUser(request).id, id, request.body.name)
        const changes = { name: passkey.name }
        await recordAudit(tx, request, {
          action: 'passkey.update',
          target: `passkey:${id}`,
          changes,
          before
        })
        return passkey
      })
    }
  })

  fastify.route({
    method: 'DELETE',
    url: '',
    config: { access: 'authenticated', fresh: '10m', problems: [PasskeyNotFound, LastWayIn] },
    schema: {
      operationId: 'removePasskey',
      summary: 'Remove a passkey',
      description: 'It signs nobody in any more. Tells you by mail.',
      tags: ['Me'],
      params: PasskeyParams,
      response: { 204: NoContent('Removed.') }
    },
    handler: async (request, reply) => {
      await removePasskey({ config, db }, request, request.params.id)
      return reply.code(204).send()
    }
  })
}
export default passkey
