import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { ReauthenticationNeeded, requireFresh, tenMinutes } from '../../core/access/step-up.ts'
import { UsernameRefused } from '../../core/accounts/usernames.ts'
import {
  asTokenInvalid,
  getUser,
  lockUser,
  toUser,
  updateUser,
  UsernameTaken
} from '../../core/accounts/users.ts'
import { membersOf, recordAudit } from '../../core/audit/record.ts'
import { answerOnce } from '../../core/idempotency/once.ts'
import { holdCaller, requireUser } from '../../core/access/caller.ts'
import { pendingAddress } from '../../core/one-time/tokens.ts'
import { ref } from '../../schemas/types.ts'
import { Me, OwnChanges } from '../../schemas/users.ts'
import type { Identity } from '../../core/sessions/identities.ts'
import type { Db } from '../../core/database/database.ts'

/** The caller's own account with what its role allows. */
async function describe(db: Db, identity: Identity) {
  const { id, permissions, requestsPerMinute } = identity
  const [user, pending_email] = await Promise.all([
    getUser(db, id).catch(asTokenInvalid),
    pendingAddress(db, id)
  ])
  return {
    ...toUser(user),
    pending_email,
    locale: user.locale,
    permissions: [...permissions],
    requests_per_minute: requestsPerMinute,
    mfa_enrolment_needed: identity.via === 'session' && identity.mustEnrol,
    session_id: identity.via === 'session' ? identity.sessionId : null,
    key_id: identity.keyId ?? null
  }
}

const me: FastifyPluginAsyncTypebox = async (fastify) => {
  const { db } = fastify

  fastify.route({
    method: 'GET',
    url: '',
    config: { access: 'authenticated', whileUnenrolled: true },
    schema: {
      operationId: 'getMe',
      summary: 'Read your own account',
      description:
        'With the permissions and the limit of your role; with a key, with those that the key has.',
      tags: ['Me'],
      response: { 200: ref(Me, 'Your account.') }
    },
    handler: async (request) => describe(db, requireUser(request))
  })

  fastify.route({
    method: 'PATCH',
    url: '',
    config: {
      access: 'authenticated',
      session: true,
      idempotent: true,
      problems: [ReauthenticationNeeded, UsernameRefused, UsernameTaken]
    },
    schema: {
      operationId: 'updateMe',
      summary: 'Change your own account',
      description:
        'Only the members that are sent change. Another username wants a sign-in of the last ten minutes.',
      tags: ['Me'],
      body: ref(OwnChanges),
      response: { 200: ref(Me, 'Your account as it is now.') }
    },
    handler: async (request, reply) => {
      const identity = requireUser(request)
      return answerOnce(db, request, reply, async (tx) => {
        const before = await lockUser(tx, identity.id).catch(asTokenInvalid)
        const caller = await holdCaller(tx, request)
        // Whoever has only taken the token would keep its owner out, who signs in by that name.
        if ((request.body.username ?? before.username) !== before.username) requireFresh(caller, tenMinutes)
        const changes = membersOf(await updateUser(tx, identity.id, request.body), request.body)
        const target = `user:${identity.id}`
        await recordAudit(tx, request, { action: 'user.update', target, changes, before })
        return { status: 200, body: await describe(tx, identity) }
      })
    }
  })
}
export default me
