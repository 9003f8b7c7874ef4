import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { publicKeys } from '../../core/tokens/keys.ts'
import { KeySet } from '../../schemas/keys.ts'

export const autoPrefix = '/.well-known/jwks.json'

const jwks: FastifyPluginAsyncTypebox = async (fastify) => {
  const keys = publicKeys(fastify.keys)

  fastify.route({
    method: 'GET',
    url: '',
    config: { access: 'public', cache: { ttl: 60, vary: 'public', tags: [] } },
    schema: {
      operationId: 'getKeySet',
      summary: 'Read the public keys of access tokens',
      description:
        'A JSON Web Key Set (RFC 7517): with it other services verify access tokens by themselves. Empty while tokens are signed with a secret (JWT_ALGORITHM=HS256).',
      tags: ['Authentication'],
      response: { 200: KeySet }
    },
    handler: () => ({ keys })
  })
}
export default jwks
