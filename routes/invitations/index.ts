import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { SessionNeeded } from '../../core/access/caller.ts'
import { ReauthenticationNeeded } from '../../core/access/step-up.ts'
import { BeyondOwnPermissions, RoleUnknown } from '../../core/accounts/governance.ts'
import { EmailTaken } from '../../core/accounts/users.ts'
import { locationHeader } from '../../core/contract/headers.ts'
import { answerOnce } from '../../core/idempotency/once.ts'
import { invite, InvitedAlready, listInvitations } from '../../core/invitations/invitations.ts'
import { EmailRefused } from '../../core/mail/address.ts'
import { MailNotConfigured, requireMail } from '../../core/mail/outbox.ts'
import { CursorRefused } from '../../core/paging/cursor.ts'
import { Invitation, InvitationPage, NewInvitation } from '../../schemas/invitations.ts'
import { listQuery } from '../../schemas/page.ts'
import { ref } from '../../schemas/types.ts'

const invitations: FastifyPluginAsyncTypebox = async (fastify) => {
  const { config, db } = fastify

  fastify.route({
    method: 'GET',
    url: '',
    config: { access: 'users:read', problems: [CursorRefused] },
    schema: {
      operationId: 'listInvitations',
      summary: 'List open invitations',
      description: 'Newest first.',
      tags: ['Accounts'],
      querystring: listQuery({}),
      response: { 200: ref(InvitationPage, 'A page of invitations.') }
    },
    handler: async ({ query }) => listInvitations(db, query)
  })

  fastify.route({
    method: 'POST',
    url: '',
    config: {
      access: 'users:write',
      idempotent: true,
      limit: { perMinute: 60, by: 'account' },
      problems: [
        EmailRefused,
        EmailTaken,
        InvitedAlready,
        RoleUnknown,
        BeyondOwnPermissions,
        ReauthenticationNeeded,
        SessionNeeded,
        MailNotConfigured
      ]
    },
    schema: {
      operationId: 'createInvitation',
      summary: 'Invite somebody',
      description:
        'Sends a link to the address: whoever opens it within seven days chooses a name and a password. Nobody can invite to a role that has permissions which they lack, then or now. To invite to a role that has permissions wants a sign-in of the last ten minutes.',
      tags: ['Accounts'],
      body: ref(NewInvitation),
      response: { 201: ref(Invitation, 'The invitation; a mail is on its way.', locationHeader) }
    },
    handler: async (request, reply) => {
      requireMail(config)
      return answerOnce(db, request, reply, async (tx) => {
        const invitation = await invite(tx, request, request.body)
        const headers = { location: `/invitations/${invitation.id}` }
        return { status: 201, headers, body: invitation }
      })
    }
  })
}
export default invitations
