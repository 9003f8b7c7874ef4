import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { UsernameRefused } from '../../../core/accounts/usernames.ts'
import { EmailTaken, toUser, UsernameTaken } from '../../../core/accounts/users.ts'
import { locationHeader } from '../../../core/contract/headers.ts'
import { write } from '../../../core/database/transaction.ts'
import { acceptInvitation } from '../../../core/invitations/invitations.ts'
import { findToken, LinkInvalid } from '../../../core/one-time/tokens.ts'
import { TooBusyToHash } from '../../../core/passwords/hashing.ts'
import { checkNewPassword, PasswordRefused } from '../../../core/passwords/policy.ts'
import { InvitationAnswer } from '../../../schemas/invitations.ts'
import { ref } from '../../../schemas/types.ts'
import { User } from '../../../schemas/users.ts'

const accept: FastifyPluginAsyncTypebox = async (fastify) => {
  const { db, passwords } = fastify

  fastify.route({
    method: 'POST',
    url: '',
    config: {
      access: 'public',
      limit: { perMinute: 10, by: 'address' },
      problems: [LinkInvalid, UsernameRefused, PasswordRefused, UsernameTaken, EmailTaken, TooBusyToHash]
    },
    schema: {
      operationId: 'acceptInvitation',
      summary: 'Make an account with the link of an invitation',
      description:
        'Its role is the one that it was invited to, its address the one that the link was sent to.',
      tags: ['Recovery'],
      body: ref(InvitationAnswer),
      response: { 201: ref(User, 'The new account.', locationHeader) }
    },
    handler: async (request, reply) => {
      const { token: text, username, password } = request.body
      const token = await findToken(db, 'invitation', text)
      checkNewPassword(password, username)
      const password_hash = await passwords.hash(password)
      const user = await write(db, (tx) => acceptInvitation(tx, request, token, { username, password_hash }))
      return reply.code(201).header('location', `/users/${user.id}`).send(toUser(user))
    }
  })
}
export default accept
