import type { RouteOptions } from 'fastify'
import fp from 'fastify-plugin'
import { addToContract } from '../core/contract/contract.ts'
import { retryAfterHeader } from '../core/contract/headers.ts'
import { foreignChanges } from '../core/database/version.ts'
import { noBudget } from '../core/limits/standing.ts'
import { originOf } from '../core/network/origin.ts'
import { blocks } from '../core/settings/networks.ts'
import { NetworkBlocked, ReadOnly } from '../core/settings/problems.ts'
import { readSettings } from '../core/settings/settings.ts'
import { settingsOf } from '../core/settings/values.ts'
import type { SettingValues } from '../schemas/settings.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Whether this route does its work also while the service is read-only, though its method may write. */
    whileReadOnly?: boolean
  }
  interface FastifyInstance {
    settings: {
      /** What is in force now; another object after each change. */
      readonly inForce: Readonly<SettingValues>
      /** Resolves when what has been changed here is in force here. */
      settled(): Promise<void>
    }
  }
}

/** How often it is looked for changes that nobody has told of, in milliseconds: all are in force within a second. */
const interval = 500

const mayWrite = ({ method, config }: RouteOptions) =>
  config?.whileReadOnly !== true && [method].flat().some((name) => name !== 'GET' && name !== 'HEAD')

/** What an operator changes while the service runs. A request reads an object: nobody waits for the database. */
export default fp(
  async (fastify) => {
    const { changes, config, db, log, pipeline } = fastify
    let isBlocked: ReturnType<typeof blocks>
    let isRead = false
    const read = async () => {
      isRead = false
      const inForce = settingsOf(config, await readSettings(db))
      isBlocked = blocks(inForce.blocked_networks)
      settings.inForce = inForce
      isRead = true
    }
    // One after another: an older reading never comes after a newer one.
    let reading = Promise.resolve()
    const reload = () => (reading = reading.then(read, read))
    const settings = { inForce: settingsOf(config, []), settled: () => reading.catch(() => undefined) }

    let seen = await foreignChanges(db)
    await reload()
    changes.hear((touched) => {
      if (touched !== 'all' && !touched.some(({ table }) => table === 'settings')) return
      reload().catch((error: unknown) => log.warn({ err: error }, 'the settings could not be read'))
    })
    const look = async () => {
      const now = await foreignChanges(db)
      if (now === seen && isRead) return
      await reload()
      seen = now
    }
    let looking = false
    const timer = setInterval(() => {
      if (looking) return
      looking = true
      // What keeps the database away is told elsewhere; until it is back, what was last read stays in force.
      void look()
        .catch(() => undefined)
        .finally(() => (looking = false))
    }, interval).unref()
    fastify.addHook('onClose', async () => {
      clearInterval(timer)
      await settings.settled()
    })
    fastify.decorate('settings', settings)

    pipeline.always('blocked', function blocked(request, _reply, done) {
      if (isBlocked?.(originOf(request).address)) throw new NetworkBlocked().with({ headers: noBudget })
      done()
    })
    fastify.addHook('onRoute', (route) => addToContract(route, { problems: [NetworkBlocked] }))

    pipeline.before('readOnly', (route) => {
      if (!mayWrite(route)) return undefined
      addToContract(route, { problems: [ReadOnly], headersByStatus: { 503: retryAfterHeader } })
      return function readOnly(_request, _reply, done) {
        if (settings.inForce.read_only) throw new ReadOnly().with({ headers: { 'retry-after': '30' } })
        done()
      }
    })
  },
  { name: 'settings', dependencies: ['changes', 'config', 'db', 'pipeline'] }
)
