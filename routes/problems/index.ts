import { type FastifyPluginAsyncTypebox, type Static, Type } from '@fastify/type-provider-typebox'
import { NotFound } from '../../core/problems/kinds.ts'
import { problemKinds, problemPath } from '../../core/problems/define.ts'

const ProblemKind = Type.Object(
  {
    code: Type.String({ maxLength: 100, pattern: '^[A-Z][A-Z0-9_]*$', examples: ['NOT_FOUND'] }),
    status: Type.Integer({ minimum: 400, maximum: 599, format: 'int32', examples: [404] }),
    title: Type.String({ minLength: 1, maxLength: 200, pattern: '^.*$', examples: ['Not found'] }),
    about: Type.String({
      minLength: 1,
      maxLength: 1000,
      pattern: '^.*$',
      examples: ['No route has this path.']
    })
  },
  { title: 'ProblemKind', description: 'What this kind of problem means.', additionalProperties: false }
)

const ProblemKinds = Type.Object(
  { problems: Type.Array(ProblemKind, { maxItems: 1_000 }) },
  { title: 'ProblemKinds', description: 'Every kind of problem, by its code.', additionalProperties: false }
)

const explain = ({ code, status, title, about }: Static<typeof ProblemKind>) => ({
  code,
  status,
  title,
  about
})

const problem: FastifyPluginAsyncTypebox = async (fastify) => {
  fastify.route({
    method: 'GET',
    url: '',
    config: { access: 'public', cache: { ttl: 60, vary: 'public', tags: [] } },
    schema: {
      operationId: 'listProblemKinds',
      summary: 'List every kind of problem',
      description: 'All codes that this server may answer, for a client that wants to know them beforehand.',
      tags: ['Operation'],
      response: { 200: ProblemKinds }
    },
    handler: () => ({
      problems: [...problemKinds.values()].map(explain).sort((a, b) => (a.code < b.code ? -1 : 1))
    })
  })

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
      return explain(kind)
    }
  })
}
export default problem
