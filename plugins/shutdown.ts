import fp from 'fastify-plugin'

/** Milliseconds that answers under way get when the server stops; the process manager's patience is twice that. */
const patience = 5_000

/** Stops in time: idle connections are closed at once, silent and half-sent ones when the answers had their time. */
export default fp(
  async (fastify) => {
    fastify.addHook('preClose', (done) => {
      setTimeout(() => fastify.server.closeAllConnections(), patience).unref()
      done()
    })
  },
  { name: 'shutdown' }
)
