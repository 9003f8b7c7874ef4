import fp from 'fastify-plugin'
import { createAdministrator, createDemoAccounts, refuseDefaults } from '../core/accounts/first.ts'
import { leftFirstPassword } from '../core/accounts/first-password.ts'
import { isExposed } from '../core/config/exposure.ts'
import { speaksForAll } from '../core/processes/cluster.ts'

/** Sees to it that somebody can sign in to a new database, and nobody to an exposed one by a password that all know. */
export default fp(
  async (fastify) => {
    const { config, db, log } = fastify
    const exposed = isExposed(config)
    if (!(await db.selectFrom('users').select('id').limit(1).executeTakeFirst())) {
      await (exposed ? createAdministrator(fastify) : createDemoAccounts(fastify))
      return
    }
    if (exposed) await refuseDefaults(fastify)
    if (!speaksForAll) return
    if (config.ADMIN_PASSWORD !== undefined)
      log.info(
        'there are accounts, so ADMIN_PASSWORD is not used: npm run rescue -- USERNAME sets a password'
      )
    const left = leftFirstPassword(config)
    if (left !== undefined)
      log.warn(`${left} holds a first password: once it has been changed, delete that file`)
  },
  { name: 'first-accounts', dependencies: ['config', 'db', 'passwords'] }
)
