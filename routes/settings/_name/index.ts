import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { entityTagHeader } from '../../../core/contract/headers.ts'
import { isNotModified } from '../../../core/http/conditional.ts'
import { PreconditionFailed, PreconditionRequired } from '../../../core/http/preconditions.ts'
import { BlocksYourself, SettingFixed } from '../../../core/settings/problems.ts'
import { changeSetting, getSetting } from '../../../core/settings/settings.ts'
import { IfMatch } from '../../../schemas/preconditions.ts'
import { Setting, SettingChange, SettingParams } from '../../../schemas/settings.ts'
import { NoContent, ref } from '../../../schemas/types.ts'

const setting: FastifyPluginAsyncTypebox = async (fastify) => {
  const { config, db, settings } = fastify

  fastify.route({
    method: 'GET',
    url: '',
    config: { access: 'system:read' },
    schema: {
      operationId: 'getSetting',
      summary: 'Read one setting',
      description: 'Its ETag is what a change names in If-Match.',
      tags: ['System'],
      params: SettingParams,
      response: { 200: ref(Setting, 'The setting.', entityTagHeader), 304: NoContent('Not modified.') }
    },
    handler: async ({ params, headers }, reply) => {
      const { setting: found, etag } = await getSetting(db, config, params.name)
      void reply.header('etag', etag)
      return isNotModified(headers['if-none-match'], etag) ? reply.code(304).send() : reply.send(found)
    }
  })

  fastify.route({
    method: 'PATCH',
    url: '',
    config: {
      access: 'system:write',
      fresh: '10m',
      whileReadOnly: true,
      problems: [PreconditionRequired, PreconditionFailed, SettingFixed, BlocksYourself]
    },
    schema: {
      operationId: 'updateSetting',
      summary: 'Change a setting',
      description: 'It is in force on every instance within a second. Null is its default again.',
      tags: ['System'],
      params: SettingParams,
      headers: IfMatch,
      body: ref(SettingChange),
      response: { 200: ref(Setting, 'The setting as it is now.', entityTagHeader) }
    },
    handler: async (request, reply) => {
      const { name } = request.params
      const { setting: changed, etag } = await changeSetting(db, config, request, name, request.body.value)
      await settings.settled()
      return reply.header('etag', etag).send(changed)
    }
  })
}
export default setting
