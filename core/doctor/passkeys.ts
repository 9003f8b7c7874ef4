import type { Config } from '../config/load.ts'
import type { Db } from '../database/database.ts'
import { siteOf } from '../passkeys/site.ts'

/** How many passkeys there are of each host, of the first ten hosts. */
const countByHost = (db: Db) =>
  db
    .selectFrom('passkeys')
    .select(({ fn }) => ['rp_id', fn.countAll().as('count')])
    .groupBy('rp_id')
    .orderBy('rp_id')
    .limit(10)
    .execute()

/**
 * Whether the passkeys that people have are of the host that PUBLIC_URL says: no browser offers one elsewhere. Answers
 * what was found. @throws naming the hosts of those that nobody can use
 */
export async function checkPasskeys(db: Db, config: Config): Promise<string> {
  const site = siteOf(config)
  const hosts = await countByHost(db)
  const lost = hosts.filter(({ rp_id }) => rp_id !== site?.rpId)
  if (lost.length > 0) {
    const found = lost.map(({ rp_id, count }) => `${count} of ${rp_id}`).join(', ')
    throw new Error(
      `nobody can use these any more, as PUBLIC_URL ${site ? `is of ${site.rpId}` : 'names no host'}: ${found}`
    )
  }
  if (!site) return 'PUBLIC_URL names no host: there can be none'
  return `${hosts[0]?.count ?? 0} of ${site.rpId}`
}
