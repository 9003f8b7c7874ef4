import fp from 'fastify-plugin'
import { Sender } from '../core/mail/sender.ts'
import { openTransport } from '../core/mail/transport.ts'

/** Sends what the outbox holds, behind the back of all requests, while the server listens. */
export default fp(
  async (fastify) => {
    const { changes, config, db, log } = fastify
    const transport = openTransport(config)
    if (!transport) {
      log.warn('MAIL_URL is not set: nobody is sent a mail, and what needs one is answered with 503')
      return
    }
    const sender = new Sender(db, config, transport, {
      delivered: (delivery) =>
        delivery.outcome === 'failed' || delivery.outcome === 'waiting'
          ? log.warn({ mail: delivery }, 'a mail was not taken')
          : log.info({ mail: delivery }, 'mail'),
      failed: (error) => log.error({ err: error }, 'mails cannot be sent')
    })
    changes.hear((touched) => {
      if (touched === 'all' || touched.some(({ table }) => table === 'mail_outbox')) sender.wake()
    })
    fastify.addHook('onListen', (done) => {
      sender.start()
      done()
    })
    fastify.addHook('onClose', () => sender.close())
  },
  { name: 'mail', dependencies: ['changes', 'config', 'db'] }
)
