import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox'
import { CursorRefused } from '../../core/paging/cursor.ts'
import { pageOfArray } from '../../core/paging/page.ts'
import { listSettings } from '../../core/settings/settings.ts'
import { listQuery } from '../../schemas/page.ts'
import { SettingPage } from '../../schemas/settings.ts'
import { ref } from '../../schemas/types.ts'

const settings: FastifyPluginAsyncTypebox = async (fastify) => {
  const { config, db } = fastify

  fastify.route({
    method: 'GET',
    url: '',
    config: { access: 'system:read', problems: [CursorRefused] },
    schema: {
      operationId: 'listSettings',
      summary: 'List the settings',
      description:
        'What can be changed while the service runs, with the value in force and where it comes from.',
      tags: ['System'],
      querystring: listQuery({}),
      response: { 200: ref(SettingPage, 'A page of settings.') }
    },
    handler: async ({ query }) => {
      const { rows, next_cursor } = pageOfArray(await listSettings(db, config), query, 'name')
      return { settings: rows, next_cursor }
    }
  })
}
export default settings
