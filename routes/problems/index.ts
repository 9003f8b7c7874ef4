import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { NotFound } from '../../plugins/errors/kinds.ts'
import { problemKinds, problemPath } from '../../schemas/problems.ts'

const ProblemKind = Type.Object(
  {
    code: Type.String({ maxLength: 100, pattern: '^[A-Z][A-Z0-9_]*$', examples: ['NOT_FOUND'] }),
    status: Type.Integer({ minimum: 400, maximum: 599, format: 'int32', examples: [404] }),
    title: Type.String({ maxLength: 200, pattern: '^.*$', examples: ['Not found'] }),
    about: Type.String({ maxLength: 1000, pattern: '^.*$', examples: ['No route has this path.'] })
  },
  { title: 'ProblemKind', description: 'What this kind of problem means.', additionalProperties: false }
)

const problem: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.route({
    method: 'GET',
    url: '/:code',
    config: { access: 'public', limit: 'unlimited', problems: [NotFound] },
    schema: {
      operationId: 'getProblemKind',
      summary: 'Explain a kind of problem',
      description: 'Where the `type` of every problem leads.',
      tags: ['Operation'],
      params: Type.Object(
        {
          code: Type.String({
            maxLength: 100,
            pattern: '^[a-z0-9-]+$',
            description: 'The last part of `type`.',
            examples: ['not-found']
          })
        },
        { additionalProperties: false }
      ),
      response: { 200: ProblemKind }
    },
    handler: ({ params }) => {
      const kind = [...problemKinds.values()].find(
        ({ code }) => problemPath(code) === `/problems/${params.code}`
      )
      if (!kind) throw new NotFound()
      const { code, status, title, about } = kind
      return { code, status, title, about }
    }
  })
}
export default problem
