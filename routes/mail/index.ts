import { type FastifyPluginAsyncTypebox, Type } from '@fastify/type-provider-typebox'
import { listMails } from '../../core/mail/outbox.ts'
import { CursorRefused } from '../../core/paging/cursor.ts'
import { MailPage } from '../../schemas/mail.ts'
import { listQuery } from '../../schemas/page.ts'
import { ref, StringEnum } from '../../schemas/types.ts'

const Filter = listQuery({
  state: Type.Optional(
    StringEnum(['waiting', 'sent', 'failed'], {
      description: 'Only mails that wait to be sent, were sent, or were given up.',
      examples: ['failed']
    })
  )
})

const mail: FastifyPluginAsyncTypebox = async (fastify) => {
  const { db } = fastify

  fastify.route({
    method: 'GET',
    url: '',
    config: { access: 'mail:read', problems: [CursorRefused] },
    schema: {
      operationId: 'listMails',
      summary: 'List mails',
      description: 'Of the last thirty days, newest first: what waits, was sent, or was given up and why.',
      tags: ['Operation'],
      querystring: Filter,
      response: { 200: ref(MailPage, 'A page of mails.') }
    },
    handler: async ({ query }) => listMails(db, query)
  })
}
export default mail
