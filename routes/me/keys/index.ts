import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { requireSession } from '../../../core/access/caller.ts'
import { BeyondOwnPermissions } from '../../../core/accounts/governance.ts'
import { locationHeader } from '../../../core/contract/headers.ts'
import { answerOnce } from '../../../core/idempotency/once.ts'
import { listKeys, makeKey, NetworkRefused, TooManyKeys } from '../../../core/keys/keys.ts'
import { CursorRefused } from '../../../core/paging/cursor.ts'
import { ApiKeyMade, ApiKeyPage, NewApiKey } from '../../../schemas/api-keys.ts'
import { listQuery } from '../../../schemas/page.ts'
import { ref } from '../../../schemas/types.ts'

const keys: FastifyPluginAsyncTypebox = async (fastify) => {
  const { config, db } = fastify

  fastify.route({
    method: 'GET',
    url: '',
    config: { access: 'authenticated', session: true, problems: [CursorRefused] },
    schema: {
      operationId: 'listMyKeys',
      summary: 'List your keys',
      description: 'Newest first. The keys themselves are shown when they are made, and never again.',
      tags: ['Keys'],
      querystring: listQuery({}),
      response: { 200: ref(ApiKeyPage, 'A page of keys.') }
    },
    handler: async (request) => listKeys(db, requireSession(request).id, request.query)
  })

  fastify.route({
    method: 'POST',
    url: '',
    config: {
      access: 'authenticated',
      fresh: '10m',
      idempotent: true,
      problems: [BeyondOwnPermissions, TooManyKeys, NetworkRefused]
    },
    schema: {
      operationId: 'createMyKey',
      summary: 'Make a key for a program',
      description:
        'It acts as you, with those of your permissions that you give it and that your role has when it is used. It cannot do what takes a session.',
      tags: ['Keys'],
      body: ref(NewApiKey),
      response: { 201: ref(ApiKeyMade, 'The key, which is shown this once.', locationHeader) }
    },
    handler: async (request, reply) =>
      answerOnce(db, request, reply, async (tx) => {
        const made = await makeKey(tx, request, config, requireSession(request).id, request.body)
        return { status: 201, headers: { location: `/me/keys/${made.id}` }, body: made }
      })
  })
}
export default keys
