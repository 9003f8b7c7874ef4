import fp from 'fastify-plugin'
import { randomUUID } from 'node:crypto'
import { version } from '../core/contract/document.ts'
import { giveSign, livesFor, takeLeave } from '../core/system/instances.ts'
import { repeat } from '../core/time/repeat.ts'

/** Two signs may get lost before a process counts as gone. */
const every = livesFor / 4

/** Says that this process lives, as long as it listens, for GET /system of every process on this database. */
export default fp(
  async (fastify) => {
    const { db, log } = fastify
    const id = randomUUID()
    const orWarn = (work: Promise<void>) =>
      work.catch((error: unknown) => log.warn({ err: error }, 'GET /system is not told of this process'))
    let stop: (() => Promise<void>) | undefined
    fastify.addHook('onListen', (done) => {
      stop = repeat(() => orWarn(giveSign(db, { id, version })), { first: 0, every })
      done()
    })
    fastify.addHook('onClose', async () => {
      if (!stop) return
      await stop()
      await orWarn(takeLeave(db, id))
    })
  },
  { name: 'instances', dependencies: ['db'] }
)
