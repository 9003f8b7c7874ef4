import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { holdCaller, requireUser } from '../../../core/access/caller.ts'
import { asTokenInvalid, lockUser } from '../../../core/accounts/users.ts'
import { locationHeader } from '../../../core/contract/headers.ts'
import { write } from '../../../core/database/transaction.ts'
import { insertFactor, listFactors, TooManyFactors } from '../../../core/factors/factors.ts'
import { countCodes } from '../../../core/factors/recovery-codes.ts'
import { countPasskeys } from '../../../core/passkeys/passkeys.ts'
import { issuerOf, totpUri } from '../../../core/factors/totp.ts'
import { EnrolledFactor, FactorList, NewFactor } from '../../../schemas/factors.ts'
import { ref } from '../../../schemas/types.ts'

const factors: FastifyPluginAsyncTypebox = async (fastify) => {
  const { config, db, judges } = fastify

  fastify.route({
    method: 'GET',
    url: '',
    config: { access: 'authenticated', session: true, whileUnenrolled: true },
    schema: {
      operationId: 'listMyFactors',
      summary: 'List your second factors',
      description: 'Oldest first, with the one that waits to be confirmed.',
      tags: ['Me'],
      response: { 200: ref(FactorList, 'What your account has beside the password.') }
    },
    handler: async (request) => {
      const { id } = requireUser(request)
      return {
        factors: await listFactors(db, id),
        passkeys: await countPasskeys(db, id),
        recovery_codes: await countCodes(db, id)
      }
    }
  })

  fastify.route({
    method: 'POST',
    url: '',
    config: { access: 'authenticated', fresh: '10m', whileUnenrolled: true, problems: [TooManyFactors] },
    schema: {
      operationId: 'enrolFactor',
      summary: 'Add an authenticator app',
      description:
        'Answers what the app takes it by, this once. It counts when a first code of it has come (POST /me/factors/{id}/confirmation); one that was added before and not confirmed is gone.',
      tags: ['Me'],
      body: ref(NewFactor),
      response: { 201: ref(EnrolledFactor, 'The factor, which does not count yet.', locationHeader) }
    },
    handler: async (request, reply) => {
      const { id } = requireUser(request)
      const enrolled = await write(db, async (tx) => {
        const { username } = await lockUser(tx, id).catch(asTokenInvalid)
        await holdCaller(tx, request)
        return { username, ...(await insertFactor(tx, judges.seal, id, request.body.name)) }
      })
      const { factor, seed, username } = enrolled
      return reply
        .code(201)
        .header('location', `/me/factors/${factor.id}`)
        .send({ ...factor, secret: seed, uri: totpUri(seed, issuerOf(config), username) })
    }
  })
}
export default factors
