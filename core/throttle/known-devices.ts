import { createHash } from 'node:crypto'
import type { Tx } from '../database/database.ts'
import type { Config } from '../config/load.ts'
import { describeAgent } from '../mail/agent.ts'
import { queueNotice } from '../mail/outbox.ts'
import { knownFor } from './known-networks.ts'

/** How many devices of one account are known: those of the latest sign-ins. */
const mostKnown = 50

interface SignIn {
  userId: number
  /** Where it comes from, and the User-Agent. */
  address: string
  network: string
  agent: string | undefined
}

/** Remembers how somebody signs in, and tells the owner of the account when that is new. */
export async function noteDevice(tx: Tx, config: Config, { userId, address, network, agent }: SignIn) {
  if (await rememberDevice(tx, userId, { network, agent })) return
  await queueNotice(tx, config, userId, 'device', { address, agent: describeAgent(agent) })
}

/**
 * Remembers the network and the program of a sign-in, as a hash; answers whether the account has signed in so in the last
 * thirty days.
 */
async function rememberDevice(
  tx: Tx,
  userId: number,
  { network, agent }: { network: string; agent: string | undefined }
): Promise<boolean> {
  const now = Date.now()
  const device = createHash('sha256')
    .update(`${network}\n${agent ?? ''}`)
    .digest('base64url')
  const known = await tx
    .selectFrom('known_devices')
    .select('device')
    .where('user_id', '=', userId)
    .where('device', '=', device)
    .where('last_seen_at', '>', new Date(now - knownFor).toISOString())
    .executeTakeFirst()
  const last_seen_at = new Date(now).toISOString()
  await tx
    .insertInto('known_devices')
    .values({ user_id: userId, device, last_seen_at })
    .onConflict((conflict) => conflict.columns(['user_id', 'device']).doUpdateSet({ last_seen_at }))
    .execute()
  if (known) return true
  const latest = tx
    .selectFrom('known_devices')
    .select('device')
    .where('user_id', '=', userId)
    .orderBy('last_seen_at', 'desc')
    .orderBy('device')
    .limit(mostKnown)
  const others = tx.deleteFrom('known_devices').where('user_id', '=', userId)
  await others.where('device', 'not in', latest).execute()
  return false
}
