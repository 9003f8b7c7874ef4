import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { UsernameRefused } from '../../plugins/accounts/usernames.ts'
import { getUser, shown, translateRefusal, updateUser, UsernameTaken } from '../../plugins/accounts/users.ts'
import { recordAudit } from '../../plugins/audit/record.ts'
import { write } from '../../plugins/db/transaction.ts'
import { caller } from '../../plugins/rbac.ts'
import { ref } from '../../schemas/types.ts'
import { Me, OwnChanges } from '../../schemas/users.ts'
import type { Identity } from '../../plugins/auth/identities.ts'
import type { Db } from '../../plugins/db/transaction.ts'

/** The caller's own account with what its role allows. */
async function describe(db: Db, { id, sessionId, permissions, requestsPerMinute }: Identity) {
  return {
    ...shown(await getUser(db, id)),
    permissions: [...permissions],
    requests_per_minute: requestsPerMinute,
    session_id: sessionId
  }
}

const me: FastifyPluginAsyncTypebox = async (fastify) => {
  const { auth, db } = fastify

  fastify.route({
    method: 'GET',
    url: '',
    config: { access: 'authenticated' },
    schema: {
      operationId: 'getMe',
      summary: 'Read your own account',
      description: 'With the permissions and the limit of your role.',
      tags: ['Me'],
      response: { 200: ref(Me, 'Your account.') }
    },
    handler: async (request) => describe(db, caller(request))
  })

  fastify.route({
    method: 'PATCH',
    url: '',
    config: { access: 'authenticated', problems: [UsernameRefused, UsernameTaken] },
    schema: {
      operationId: 'updateMe',
      summary: 'Change your own account',
      description: 'Only the members that are sent change.',
      tags: ['Me'],
      body: ref(OwnChanges),
      response: { 200: ref(Me, 'Your account as it is now.') }
    },
    handler: async (request) => {
      const identity = caller(request)
      await write(db, async (tx) => {
        await updateUser(tx, identity.id, request.body)
        const target = `user:${identity.id}`
        await recordAudit(tx, request, { action: 'user.update', target, changes: request.body })
      }).catch(translateRefusal)
      auth.forget(({ id }) => id === identity.id)
      fastify.purge(['users'])
      return describe(db, identity)
    }
  })
}
export default me
