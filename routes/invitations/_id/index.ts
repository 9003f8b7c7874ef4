import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { BeyondOwnPermissions, RoleUnknown } from '../../../core/accounts/governance.ts'
import { write } from '../../../core/database/transaction.ts'
import {
  getInvitation,
  InvitationNotFound,
  withdrawInvitation
} from '../../../core/invitations/invitations.ts'
import { Invitation } from '../../../schemas/invitations.ts'
import { NoContent, ref } from '../../../schemas/types.ts'

const InvitationParams = Type.Pick(Invitation, ['id'], { additionalProperties: false })

const invitation: FastifyPluginAsyncTypebox = async (fastify) => {
  const { db } = fastify

  fastify.route({
    method: 'GET',
    url: '',
    config: { access: 'users:read', problems: [InvitationNotFound] },
    schema: {
      operationId: 'getInvitation',
      summary: 'Read an invitation',
      description: 'While it is open.',
      tags: ['Accounts'],
      params: InvitationParams,
      response: { 200: ref(Invitation, 'The invitation.') }
    },
    handler: async ({ params }) => getInvitation(db, params.id)
  })

  fastify.route({
    method: 'DELETE',
    url: '',
    config: { access: 'users:write', problems: [InvitationNotFound, BeyondOwnPermissions, RoleUnknown] },
    schema: {
      operationId: 'deleteInvitation',
      summary: 'Withdraw an invitation',
      description: 'Its link is good no more.',
      tags: ['Accounts'],
      params: InvitationParams,
      response: { 204: NoContent('Withdrawn.') }
    },
    handler: async (request, reply) => {
      await write(db, (tx) => withdrawInvitation(tx, request, request.params.id))
      return reply.code(204).send()
    }
  })
}
export default invitation
